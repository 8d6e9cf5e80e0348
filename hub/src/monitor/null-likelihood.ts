/**
 * The null hypothesis "practically unchanged" is the ball KL(r || p) <= rho around a reference r.
 * In this direction of the divergence the set is convex, and both the most likely null and the
 * null nearest to a bet q lie on the segment from q to r:
 *
 *   p = (1 - a) q + a r,   a the smallest number in [0, 1] with KL(r || p) <= rho.
 *
 * Proof: the Karush-Kuhn-Tucker conditions of max sum q log p, s.t. sum r log p >= const, sum p = 1.
 */

const steps = 80;
const tolerance = 1e-13;

/**
 * The weight `a` of the reference in the null's point for `q`; 0 when q is inside the ball.
 * Newton steps kept inside a shrinking bracket (plain bisection where Newton would leave it).
 */
export function referenceWeight(
  q: ArrayLike<number>,
  reference: ArrayLike<number>,
  rho: number,
): number {
  if (excess(q, reference, rho, 0).value <= 0) return 0;
  let low = 0;
  // p >= a r everywhere, so KL(r || p) <= -log a: this end is always inside the ball.
  let high = Math.exp(-rho);
  let weight = high / 2;
  for (let step = 0; step < steps && high - low > tolerance; step++) {
    const { value, slope } = excess(q, reference, rho, weight);
    if (Math.abs(value) < tolerance) return weight;
    if (value > 0) low = weight;
    else high = weight;
    const newton = weight - value / slope;
    weight = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return high;
}

interface Excess {
  readonly value: number;
  readonly slope: number;
}

function excess(
  q: ArrayLike<number>,
  reference: ArrayLike<number>,
  rho: number,
  weight: number,
): Excess {
  let value = -rho;
  let slope = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const r = reference[bin] ?? 0;
    if (r === 0) continue;
    const mass = q[bin] ?? 0;
    const p = (1 - weight) * mass + weight * r;
    value += r * Math.log(r / p);
    slope -= (r * (r - mass)) / p;
  }
  return { value, slope };
}

/**
 * Largest log-likelihood of (effective) counts over the null ball; 0 for no counts.
 * Counts in bins where the reference has no mass are answered by the segment as well.
 */
export function nullLogLikelihood(
  counts: ArrayLike<number>,
  reference: ArrayLike<number>,
  rho: number,
): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin] ?? 0;
  if (total === 0) return 0;
  const shares = Float64Array.from(counts, (count) => count / total);
  const weight = referenceWeight(shares, reference, rho);
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] ?? 0;
    if (count === 0) continue;
    sum += count * Math.log((1 - weight) * (shares[bin] ?? 0) + weight * (reference[bin] ?? 0));
  }
  return sum;
}

/** The point of the null ball nearest to `q` in KL(q || p): q's reverse information projection. */
export function nearestNull(
  q: ArrayLike<number>,
  reference: ArrayLike<number>,
  rho: number,
): Float64Array {
  const weight = referenceWeight(q, reference, rho);
  return Float64Array.from(q, (mass, bin) => (1 - weight) * mass + weight * (reference[bin] ?? 0));
}
