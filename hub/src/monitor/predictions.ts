import { confidenceBins } from './monitored-window.ts';

/**
 * How class x confidence cells are tested: per class, split once at the reference's median
 * confidence. Two cells per class keep the Dirichlet bet quick; a shift of labels and a loss of
 * confidence both show.
 */
export interface PredictionGroups {
  readonly classes: number;
  /** First confidence bin that counts as confident. */
  readonly split: number;
}

/** Splits where the reference's confidence has its median; at the upper half without a reference. */
export function groupPredictions(
  classes: number,
  cells: Iterable<readonly [number, number]>,
): PredictionGroups {
  const byBin = new Array<number>(confidenceBins).fill(0);
  let total = 0;
  for (const [cell, count] of cells) {
    const bin = cell % confidenceBins;
    byBin[bin] = (byBin[bin] ?? 0) + count;
    total += count;
  }
  if (total === 0) return { classes, split: confidenceBins / 2 };
  let below = 0;
  for (const [bin, count] of byBin.entries()) {
    below += count;
    if (2 * below >= total)
      return { classes, split: Math.min(Math.max(bin, 1), confidenceBins - 1) };
  }
  return { classes, split: confidenceBins - 1 };
}

/** Counts per group, two per class: less confident, confident. */
export function countPredictions(
  groups: PredictionGroups,
  cells: Iterable<readonly [number, number]>,
): number[] {
  const counts = new Array<number>(2 * groups.classes).fill(0);
  for (const [cell, count] of cells) {
    const label = Math.floor(cell / confidenceBins);
    const group = 2 * label + (cell % confidenceBins >= groups.split ? 1 : 0);
    if (group < counts.length) counts[group] = (counts[group] ?? 0) + count;
  }
  return counts;
}
