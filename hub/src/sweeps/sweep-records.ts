import type { Metric, Sweep, Trial } from '@edgewise/protocol/http';

/** A trial with where its training left off. */
export interface TrialRecord {
  readonly trial: Trial;
  /** Blob of its last checkpoint. */
  readonly checkpoint: string | null;
  /** Ends of its epochs; absent before the first. */
  readonly curve?: readonly Metric[];
}

/** Where sweeps are written down; sweeps come without their trials. Promise: what resolved is durable. */
export interface SweepRecords {
  /** A sweep with all its trials, or nothing of it. */
  putWhole(sweep: Sweep, trials: readonly TrialRecord[]): Promise<void>;
  put(sweep: Sweep): Promise<void>;
  putTrial(sweep: string, trial: TrialRecord): Promise<void>;
  find(sweep: string): Promise<Sweep | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly Sweep[]>;
  /** Queued and running ones, oldest first. */
  open(): Promise<readonly Sweep[]>;
  /** By number. */
  trials(sweep: string): Promise<readonly TrialRecord[]>;
}
