import type { Say } from '../demo/say.ts';
import type { BenchResult } from './result.ts';
import type { DigitsStage } from './stage.ts';

/** What a bench is given. */
export interface BenchContext {
  readonly seed: number;
  readonly say: Say;
  /** A hub with version 1 of the digits model, trained on first use and shared by all benches. */
  stage(): Promise<DigitsStage>;
}

/** Measures something and holds it to its bounds. */
export type RunBench = (context: BenchContext) => Promise<readonly BenchResult[]>;

/** One row of the table of benches. */
export interface BenchEntry {
  readonly name: string;
  readonly summary: string;
  /** Runs only when it is named. */
  readonly onlyWhenNamed?: boolean;
  load(): Promise<RunBench>;
}
