import type { BundleRef, Code } from '@edgewise/protocol';

/** Everything a rollout can do, and what it needs to know to do it. Steps survive JSON. */
export interface StepArgs {
  /** Give a device its new target. */
  readonly order: { readonly device: string; readonly bundle: BundleRef | null };
  /** Give a device that has not switched its old target back. */
  readonly withdraw: { readonly device: string; readonly bundle: BundleRef | null };
  /** Move a device to the first wave, since those in it cannot be reached. */
  readonly advance: { readonly device: string };
  /** Record what a device has come to. */
  readonly note: {
    readonly device: string;
    readonly status: 'ordered' | 'serving' | 'refused' | 'reverted' | 'skipped';
    readonly code?: Code;
    readonly detail?: string;
  };
  readonly finish: { readonly status: 'done' | 'stopped'; readonly reason: string | null };
}

export type StepName = keyof StepArgs;
/** A step with its name. */
export type StepOf<N extends StepName> = {
  readonly [M in N]: { readonly name: M } & StepArgs[M];
}[N];
/** Any step. */
export type Step = StepOf<StepName>;
