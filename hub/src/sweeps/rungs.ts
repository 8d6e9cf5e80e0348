import { FleetError } from '@edgewise/protocol';
import type { Sweep, SweepSpec } from '@edgewise/protocol/http';

export type Rung = Sweep['rungs'][number];

/** How many go on, where the sweep does not say: Hyperband's usual choice. */
const usualEta = 3;

/**
 * The rounds of a sweep: how many trials train up to how many epochs in all. Halving drops all but
 * one in eta after each round and gives the rest eta times the epochs (Jamieson & Talwalkar 2016,
 * Algorithm 1; with the geometric epochs of Hyperband's inner loop, Li et al. 2018, Algorithm 1). The
 * last round is always the recipe's whole training. Throws `invalid-argument` where it would begin there.
 */
export function rungsOf(
  { method, epochs: given, eta = usualEta }: Pick<SweepSpec, 'method' | 'epochs' | 'eta'>,
  { trials, epochs: whole }: Rung,
): readonly Rung[] {
  if (method !== 'halving') return [{ trials, epochs: whole }];
  // Fewer trials than eta are halved once all the same: the best of them goes on.
  const rounds = Math.max(1, Math.floor(logarithm(trials, eta) + 1e-9));
  const first = given ?? Math.max(1, Math.round(whole / eta ** rounds));
  if (first >= whole) {
    throw new FleetError(
      'invalid-argument',
      `Halving begins with ${first} of the recipe's ${whole} epochs: there is nothing to save. Give the recipe more, or the sweep fewer "epochs".`,
    );
  }
  const rungs: Rung[] = [];
  for (let round = 0; ; round++) {
    const left = Math.max(1, Math.floor(trials / eta ** round));
    const epochs = left === 1 ? whole : Math.min(whole, first * eta ** round);
    rungs.push({ trials: left, epochs });
    if (epochs === whole) return rungs;
  }
}

const logarithm = (value: number, base: number): number => Math.log(value) / Math.log(base);
