/** A figure and between which values it lies with 95 % certainty. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How often each way is done. */
export interface Turns {
  /** Bursts of each way that count, and some before that do not. */
  readonly rounds: number;
  readonly warmUp: number;
  /** Runs of one burst that count, and some before that do not. */
  readonly burst: number;
  readonly settle: number;
}

/**
 * Does each way in bursts, as a device does one thing over and over: run by run in turn, models would
 * push each other out of the processor's caches. Ways take turns, changing which goes first, so that
 * whatever disturbs the machine hits all; gives the median milliseconds of each burst.
 */
export async function timeInTurn(
  ways: readonly (() => Promise<unknown>)[],
  { rounds, warmUp, burst, settle }: Turns,
): Promise<readonly (readonly number[])[]> {
  const times = ways.map((): number[] => []);
  for (let round = -warmUp; round < rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const at = (turn + warmUp + round) % ways.length;
      const way = ways[at] ?? (() => Promise.resolve());
      const tookMs: number[] = [];
      for (let run = -settle; run < burst; run++) {
        const runMs = await time(way);
        if (run >= 0) tookMs.push(runMs);
      }
      if (round >= 0) times[at]?.push(median(tookMs).value);
    }
  }
  return times;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** What one way takes longer than another, burst by burst. */
export const differences = (way: readonly number[], than: readonly number[]): readonly number[] =>
  way.map((tookMs, at) => tookMs - (than[at] ?? 0));

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
