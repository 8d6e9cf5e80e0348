import { chiSquareQuantile } from './normal.ts';

/** A measured difference beside what pure chance would show: 95 % of clean comparisons stay below. */
export interface EffectSize {
  readonly value: number;
  readonly null95: number;
}

/** How much a feature differs from its reference; never the decision, always beside it. */
export interface EffectSizes {
  /** Population stability index, nats. */
  readonly psi: EffectSize;
  /** Jensen-Shannon divergence, nats (at most log 2). */
  readonly jsd: EffectSize;
  /** Change of the mean in standard deviations of the baseline, signed; undefined without values. */
  readonly offsetSd?: EffectSize;
  /** Standard deviation over that of the baseline; `null95` is the half width around 1. */
  readonly gainRatio?: EffectSize;
}

/** Two sets of counts over the same bins, each with the samples they are worth. */
export interface Comparison {
  readonly reference: readonly number[];
  readonly referenceEffective: number;
  readonly current: readonly number[];
  readonly currentEffective: number;
}

/**
 * PSI and JSD with their 95 % under no change: PSI ~ chi2(B-1) (1/n + 1/m) (Yurdakul, 2018), and
 * JSD is an eighth of PSI for small differences.
 */
export function divergences(comparison: Comparison): Pick<EffectSizes, 'psi' | 'jsd'> {
  const { reference, current } = comparison;
  const before = shares(reference);
  const after = shares(current);
  let psi = 0;
  let jsd = 0;
  for (const [bin, p] of before.entries()) {
    const q = after[bin] ?? 0;
    const middle = (p + q) / 2;
    psi += (q - p) * Math.log(q / p);
    jsd += 0.5 * p * Math.log(p / middle) + 0.5 * q * Math.log(q / middle);
  }
  const chance =
    chiSquareQuantile(Math.max(1, reference.length - 1), 0.95) *
    (1 / comparison.currentEffective + 1 / comparison.referenceEffective);
  return { psi: { value: psi, null95: chance }, jsd: { value: jsd, null95: chance / 8 } };
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0);
  return counts.map((count) => (count + 0.5) / total);
}

/** Mean and spread of standardized values, and the independent samples they are worth. */
export interface ValueSummary {
  readonly mean: number;
  readonly sd: number;
  readonly effectiveSamples: number;
}

/** Offset and gain with the half widths that 95 % of clean comparisons keep (normal values). */
export function valueChange(
  reference: ValueSummary,
  current: ValueSummary,
): Required<Pick<EffectSizes, 'offsetSd' | 'gainRatio'>> | undefined {
  if (!(reference.sd > 1e-9)) return undefined;
  const error = Math.sqrt(1 / reference.effectiveSamples + 1 / current.effectiveSamples);
  return {
    offsetSd: { value: (current.mean - reference.mean) / reference.sd, null95: 1.96 * error },
    gainRatio: { value: current.sd / reference.sd, null95: (1.96 * error) / Math.SQRT2 },
  };
}
