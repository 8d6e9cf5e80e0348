import type { Alarm } from '@edgewise/protocol/http';
import type { CaptureAsk } from './alarm-records.ts';

/** Everything that moves an alarm on, and what it needs to know. Steps survive JSON. */
export interface StepArgs {
  /** Record what the labels say by now. */
  readonly count: {
    readonly given: number;
    readonly accuracy: Alarm['accuracy'];
  };
  /** Record whom to ask for samples. */
  readonly request: {
    readonly asks: readonly Pick<CaptureAsk, 'device' | 'random' | 'uncertain'>[];
    readonly sentence: string;
  };
  /** Order one device to keep samples. */
  readonly capture: {
    readonly device: string;
    readonly model: string;
    readonly random: number;
    readonly uncertain: number;
  };
  /** Record a decision that changes nothing else. */
  readonly decide: { readonly sentence: string };
  readonly retrain: { readonly sentence: string; readonly randomLabels: number };
  /** Record how a retraining ended. */
  readonly judge: {
    readonly challenger: number | null;
    readonly status: Alarm['status'];
    readonly sentence: string;
  };
  readonly rollOut: { readonly version: number; readonly sentence: string };
  readonly close: {
    readonly status: 'resolved' | 'dismissed' | 'open';
    readonly sentence: string;
    /** Whether devices learn a new normal for the model they have. */
    readonly relearn: boolean;
  };
}

export type StepName = keyof StepArgs;
/** A step with its name. */
export type StepOf<N extends StepName> = {
  readonly [M in N]: { readonly name: M } & StepArgs[M];
}[N];
/** Any step. */
export type Step = StepOf<StepName>;
