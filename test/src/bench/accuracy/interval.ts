/** A mean difference in points (hundredths of the images) with the ends of its interval. */
export interface Difference {
  readonly points: number;
  readonly low: number;
  readonly high: number;
}

/** Whether each test image was answered right, one row per seed. */
export type Answers = readonly Uint8Array[];

/** How many intervals cover the truth together in 95 of 100 cases. */
export type Together = 'one' | 'twenty';

/** Quantiles of the standard normal distribution: 97.5 %, and 99.875 % for twenty (Bonferroni). */
const quantiles: Readonly<Record<Together, number>> = { one: 1.959964, twenty: 3.023341 };

/**
 * How much more often `ours` is right than `theirs`, on the same images and seeds: the normal interval of
 * paired proportions (Agresti 2013, Categorical Data Analysis, 11.1), for which the seeds' answers
 * to one image are averaged first, since they are no independent samples (clustered standard errors:
 * Miller 2024, arXiv:2411.00640). It speaks for other images, not for other trainings.
 */
export function pairedDifference(
  ours: Answers,
  theirs: Answers,
  { together = 'one' }: { readonly together?: Together } = {},
): Difference {
  const count = ours[0]?.length ?? 0;
  const perImage = Float64Array.from({ length: count }, (_, image) => {
    const gains = ours.map((row, seed) => (row[image] ?? 0) - (theirs[seed]?.[image] ?? 0));
    return sum(gains) / gains.length;
  });
  const mean = sum(perImage) / count;
  const squares = perImage.reduce((total, each) => total + (each - mean) ** 2, 0);
  const half = quantiles[together] * Math.sqrt(squares / Math.max(1, count - 1) / count);
  return { points: 100 * mean, low: 100 * (mean - half), high: 100 * (mean + half) };
}

/** Share of right answers over all seeds, in per cent. */
export function accuracyOf(answers: Answers): number {
  return (100 * sum(answers.map((row) => sum(row) / row.length))) / answers.length;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
