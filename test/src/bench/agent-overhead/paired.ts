/** A figure and between which values it lies with 95 % certainty. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two ways of doing one thing, in milliseconds each time. */
export interface Pairs {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Does both in turn, changing which goes first, so that whatever disturbs the machine hits both. */
export async function timePairs(
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
  { pairs, warmUp }: { readonly pairs: number; readonly warmUp: number },
): Promise<Pairs> {
  const times = { first: [] as number[], second: [] as number[] };
  for (let pair = -warmUp; pair < pairs; pair++) {
    const order = [
      [times.first, first],
      [times.second, second],
    ] as const;
    for (const [into, work] of pair % 2 === 0 ? order : order.toReversed()) {
      const tookMs = await time(work);
      if (pair >= 0) into.push(tookMs);
    }
  }
  return times;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** What the second way takes longer, pair by pair. */
export const differences = ({ first, second }: Pairs): readonly number[] =>
  second.map((tookMs, at) => tookMs - (first[at] ?? 0));

/** 97.5 % of a normal distribution lie below this many standard deviations. */
const z = 1.96;

/** The median and its order-statistic interval (Hahn and Meeker 1991, section 5.2). */
export function median(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const half = (z * Math.sqrt(count)) / 2;
  const at = (index: number): number =>
    sorted[Math.min(count - 1, Math.max(0, index))] ?? Number.NaN;
  const middle = ((at(Math.floor((count - 1) / 2)) ?? 0) + at(Math.ceil((count - 1) / 2))) / 2;
  return {
    value: middle,
    low: at(Math.floor(count / 2 - half)),
    high: at(Math.ceil(count / 2 + half)),
  };
}

/** The mean without the largest and smallest tenth. */
export function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 10);
  const kept = values.toSorted((a, b) => a - b).slice(cut, values.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
