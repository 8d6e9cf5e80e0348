import { type Change, type Signal, unchanged } from './detector-streams.ts';
import { type DetectorBenchOptions, monitorOneFeature, watchDevice } from './detector-watch.ts';
import { atLeast, atMost, type BenchResult, printed } from './result.ts';

interface DelayCase {
  readonly name: string;
  readonly change: Change;
  readonly signal: Signal;
  /** Median delay to beat, windows. */
  readonly reference: number;
  /** Share that must be found. */
  readonly found: number;
  /**
   * Windows below which no test with this margin and alarm line can be on average: log(1e4) / D,
   * where D is the divergence of a changed window from the nearest null.
   */
  readonly limit?: number;
}

const independent = { signal: { kind: 'iid' }, found: 1 } as const;
const cases: readonly DelayCase[] = [
  { ...independent, name: 'offset 0.2 sd', change: offset(0.2), reference: 206, found: 0.43 },
  { ...independent, name: 'offset 0.3 sd', change: offset(0.3), reference: 21, limit: 7.7 },
  { ...independent, name: 'offset 0.5 sd', change: offset(0.5), reference: 3, limit: 1.5 },
  { ...independent, name: 'offset 1 sd', change: offset(1), reference: 1, limit: 1 },
  { ...independent, name: 'gain 1.3', change: gain(1.3), reference: 17, limit: 5.4 },
  { ...independent, name: 'gain 0.7', change: gain(0.7), reference: 4, limit: 1.9 },
  { ...independent, name: 'gain 1.6', change: gain(1.6), reference: 2, limit: 1 },
  autoregressive(0.8, 25),
  autoregressive(0.9, 44),
  autoregressive(0.95, 90),
];

/** Median delays in windows of 100 samples, with baselines of at least 5,000 effective samples. */
export function benchDelays({ streams, seed }: DetectorBenchOptions): readonly BenchResult[] {
  const monitor = monitorOneFeature(5000);
  return cases.flatMap(({ name, change, signal, reference, found, limit }, index) => {
    // A dependent stream needs up to 2,000 windows for its baseline.
    const repetitions = Math.max(15, Math.round(streams / (signal.kind === 'iid' ? 1 : 8)));
    const delays = Array.from({ length: repetitions }, (_, repetition) => {
      const stream = 100_000 * (index + 1) + repetition;
      const device = watchDevice(monitor, { signal, ownOffset: 0, seed, stream });
      device.learn();
      for (let window = 0; window < cleanWindows; window++) device.step(unchanged);
      return device.find(change).windows;
    });
    const median = delays.toSorted((a, b) => a - b)[delays.length >> 1] ?? Number.NaN;
    const share = delays.filter(Number.isFinite).length / repetitions;
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / repetitions;
    return [
      atMost(`delay, ${name}`, { value: median, unit: 'windows', bound: reference, reference }),
      atLeast(`found, ${name}`, { value: share, unit: 'share', bound: found }),
      ...(limit === undefined
        ? []
        : [printed(`mean delay over the limit, ${name}`, mean / limit, 'times')]),
    ];
  });
}

const cleanWindows = 50;

function offset(sd: number): Change {
  return { offset: sd, gain: 1 };
}

function gain(ratio: number): Change {
  return { offset: 0, gain: ratio };
}

function autoregressive(phi: number, reference: number): DelayCase {
  const name = `offset 0.5 sd, AR(1) ${phi}`;
  return { name, change: offset(0.5), signal: { kind: 'ar', phi }, reference, found: 1 };
}
