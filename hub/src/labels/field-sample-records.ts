import type { FieldSample } from '@edgewise/protocol/http';
import type { FieldSource } from '../datasets/field-source.ts';

/** Whether a labelled sample teaches, or only judges. */
export type SampleUse = 'train' | 'gate';

/** A sample with what the queue keeps to itself. */
export interface FieldSampleRecord extends FieldSample {
  readonly use: SampleUse;
  readonly labelledAtMs: number | null;
  /** Name of the token. */
  readonly labelledBy: string | null;
}

/** What an alarm has got of the samples it asked for. */
export interface AlarmLabels {
  /** Samples that are here. */
  readonly received: number;
  readonly labelled: number;
  readonly skipped: number;
  /** Labelled random samples that are kept apart from training. */
  readonly gate: number;
  /** Whether the model was wrong, per labelled random sample, in the order of the labels. */
  readonly randomErrors: readonly boolean[];
  /** When a sample last came or was answered. */
  readonly changedAtMs: number | null;
}

/** Where field samples are written down. Owned by `createLabels`. Promise: what resolved is durable. */
export interface FieldSampleRecords extends FieldSource {
  /** A sample that is there already changes nothing and gives `false`. */
  add(record: FieldSampleRecord): Promise<boolean>;
  put(record: FieldSampleRecord): Promise<void>;
  find(sample: string): Promise<FieldSampleRecord | undefined>;
  /** Oldest first. */
  queue(options: {
    readonly limit: number;
    readonly status: FieldSample['status'];
    readonly model?: string;
  }): Promise<readonly FieldSampleRecord[]>;
  /** Samples that wait for an answer. */
  countWaiting(): Promise<number>;
  /** Labelled random samples of a model and alarm (`null`: of none), by use. */
  countRandom(
    of: Pick<FieldSample, 'model' | 'alarm'>,
  ): Promise<Readonly<Record<SampleUse, number>>>;
  ofAlarm(alarm: string): Promise<AlarmLabels>;
}
