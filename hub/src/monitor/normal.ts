const logRootTwoPi = 0.5 * Math.log(2 * Math.PI);

/** Density of the standard normal distribution. */
function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x - logRootTwoPi);
}

/**
 * Distribution function of the standard normal: the Taylor series of Marsaglia (J. Stat. Software
 * 11(4), 2004) in the middle, the continued fraction of Mills' ratio in the tails.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 5) return 1 - upperTail(x);
  if (x < -5) return upperTail(-x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

function upperTail(x: number): number {
  if (x > 38) return 0;
  let fraction = x;
  for (let k = 40; k >= 1; k--) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

/** Quantile of the standard normal for a probability in (0, 1), by Newton steps on the tail's logarithm. */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    return probability <= 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (probability > 0.5) return -normalQuantile(1 - probability);
  const target = Math.log(probability);
  // log of the cdf is concave, so Newton from the left of the root climbs to it without overshoot.
  let x = -Math.sqrt(-2 * target) - 0.1;
  for (let step = 0; step < 60; step++) {
    const cdf = normalCdf(x);
    const move = ((target - Math.log(cdf)) * cdf) / normalDensity(x);
    x += move;
    if (Math.abs(move) < 1e-13) break;
  }
  return x;
}

/**
 * Quantile of the chi-square distribution by Wilson and Hilferty (PNAS 17, 1931): within 0.5 % for
 * 10 and more degrees of freedom.
 */
export function chiSquareQuantile(degrees: number, probability: number): number {
  const spread = 2 / (9 * degrees);
  const root = 1 - spread + normalQuantile(probability) * Math.sqrt(spread);
  return degrees * Math.max(0, root) ** 3;
}
