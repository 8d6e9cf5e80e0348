import { FleetError } from '@edgewise/protocol';
import type { LayerSensitivity } from './sensitivity.ts';

/**
 * How much accuracy may cost. Layers go back to float, the most harmful first, while all limits
 * hold, until the target is reached or nothing helps.
 */
export interface Budget {
  /** Size of the file, in bytes; default any. */
  readonly maxBytes?: number;
  /** Share of all multiply-accumulates that may be in float, 0 to 1; default any. */
  readonly maxFloatMacs?: number;
  /** Relative squared error of the outputs that is good enough; default 0, as good as possible. */
  readonly targetError?: number;
  /** Models that may be built and run to find out, at least 4; default 96. */
  readonly maxRuns?: number;
}

/** What mixed precision did. */
export interface MixedPrecision {
  /** Layers by the error each causes alone, most harmful first. */
  readonly layers: readonly LayerSensitivity[];
  /** Names of the nodes that stay in float because of it. */
  readonly float: readonly string[];
  /** Each layer that was tried in float, in order, and what came of it. */
  readonly steps: readonly ExclusionStep[];
  /** Relative squared error on the held-out feeds, before and after. */
  readonly errorBefore: number;
  readonly errorAfter: number;
  /** Share of all multiply-accumulates that are in float now, 0 to 1. */
  readonly floatMacs: number;
  /** Models that were built and run. */
  readonly runs: number;
}

/** One attempt to leave a layer in float. */
export interface ExclusionStep {
  readonly nodes: readonly string[];
  readonly bytes: number;
  /** Of the outputs with all layers kept so far and this one in float. */
  readonly error: number;
  readonly outcome: 'kept' | 'no gain' | 'too large' | 'too slow';
}

/** Refuses limits that mean nothing. */
export function assertBudget({ maxBytes, maxFloatMacs, targetError, maxRuns }: Budget): void {
  const wrong =
    (maxBytes !== undefined && !(maxBytes > 0) && 'maxBytes must be above 0') ||
    (maxFloatMacs !== undefined &&
      !(maxFloatMacs >= 0 && maxFloatMacs <= 1) &&
      'maxFloatMacs is a share from 0 to 1') ||
    (targetError !== undefined && !(targetError >= 0) && 'targetError must be 0 or more') ||
    (maxRuns !== undefined && !(maxRuns >= 4) && 'maxRuns must be 4 or more');
  if (wrong) throw new FleetError('invalid-argument', `The budget makes no sense: ${wrong}.`);
}
