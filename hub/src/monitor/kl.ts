/**
 * Kullback-Leibler divergence KL(p || q) in nats; infinite when q misses mass that p has.
 * Both are probability vectors of the same length; 0 log 0 counts as 0.
 */
export function klDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) {
    const mass = p[bin] ?? 0;
    if (mass > 0) sum += mass * Math.log(mass / (q[bin] ?? 0));
  }
  return sum;
}

/**
 * Turns counts into probabilities with the usual half a count in every bin, so that no bin of a
 * reference has probability zero (Krichevsky and Trofimov 1981).
 */
export function smoothedProbabilities(counts: ArrayLike<number>): Float64Array {
  const probabilities = Float64Array.from(counts, (count) => count + 0.5);
  const total = probabilities.reduce((sum, value) => sum + value, 0);
  return probabilities.map((value) => value / total);
}
