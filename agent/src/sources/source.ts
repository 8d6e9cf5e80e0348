import type { ModelInput } from '@edgewise/models/bundle';
import type { BundleRef } from '@edgewise/protocol';
import type { Answer } from '../inference/answer.ts';
import type { Item } from '../inference/items.ts';

/** An answer with the number of its input since the source was opened. */
export interface NumberedAnswer extends Answer {
  readonly item: number;
}

/** What a source gives its inputs to. */
export interface Sink {
  /** Resolves as soon as a model serves. */
  ready(signal: AbortSignal): Promise<void>;
  /** Rejects with `unavailable` when no model serves and `invalid-argument` for unusable items. */
  answer(items: readonly Item[], signal?: AbortSignal): Promise<readonly NumberedAnswer[]>;
  /** The inputs that the serving model takes. */
  inputs(): readonly ModelInput[] | undefined;
  status(): SinkStatus;
}

/** What a source may tell people about the device. */
export interface SinkStatus {
  readonly device: string;
  readonly serving: BundleRef | null;
  readonly served: number;
  readonly isConnected: boolean;
}

/** Where inputs come from. `run` ends when there are no more, or rejects when the source fails. */
export interface Source {
  readonly name: string;
  run(sink: Sink, signal: AbortSignal): Promise<void>;
}
