import { logGamma } from './log-gamma.ts';

/** Concentration of every bin: Jeffreys' prior. */
const jeffreysConcentration = 0.5;

const logGammaConcentration = logGamma(jeffreysConcentration);

/**
 * Log of the Dirichlet(1/2) marginal likelihood of an ordered sample with these counts (the
 * multinomial coefficient is left out, as it is in every likelihood it is compared with).
 * Counts may be fractions: they are effective counts.
 */
export function logDirichletMarginal(counts: ArrayLike<number>): number {
  let total = 0;
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] ?? 0;
    if (count === 0) continue;
    total += count;
    sum += logGamma(count + jeffreysConcentration) - logGammaConcentration;
  }
  const concentration = jeffreysConcentration * counts.length;
  return sum + logGamma(concentration) - logGamma(total + concentration);
}
