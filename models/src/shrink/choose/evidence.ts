/**
 * Whether the first of two ways costs less beyond chance: a paired one-sided t-test over samples.
 * A dozen ways are compared on the same samples, so that each comparison may err once in 160 times for
 * all of them to err together less than once in ten. Fewer than four samples are no evidence.
 */
export function isEvidentlyLess(costs: Float64Array, others: Float64Array): boolean {
  const count = costs.length;
  if (count < 4) return false;
  const gains = costs.map((cost, at) => (others[at] ?? 0) - cost);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (count - 1) / count);
  return mean > 0 && mean > standardError * studentQuantile(count - 1);
}

/** One-sided quantile of the standard normal distribution for one error in 160. */
const z = 2.5;

/** The same quantile of Student's distribution (Abramowitz and Stegun 1964, 26.7.5). */
function studentQuantile(freedom: number): number {
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0);
}
