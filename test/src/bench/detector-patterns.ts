import type { Change } from './detector-streams.ts';
import { type DetectorBenchOptions, monitorOneFeature, watchDevice } from './detector-watch.ts';
import { atLeast, type BenchResult } from './result.ts';

const offsets = [0.5, 1, 2, 3, 4].flatMap((sd) => [sd, -sd]);
const gains = [0.5, 0.7, 1.3, 1.6, 2];
const cases: readonly { readonly pattern: string; readonly change: Change }[] = [
  ...offsets.map((offset) => ({ pattern: 'offset', change: { offset, gain: 1 } })),
  ...gains.map((gain) => ({ pattern: 'gain', change: { offset: 0, gain } })),
];
/** Devices differ from the reference, and are named by their own normal. */
const ownOffsets = [0, 1, -1];

/** How often the pattern is named right at the moment of the alarm. */
export function benchPatterns({ streams, seed }: DetectorBenchOptions): readonly BenchResult[] {
  const monitor = monitorOneFeature(1000);
  const repetitions = Math.max(12, Math.round(streams / 3));
  return cases.map(({ pattern, change }, index) => {
    let right = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const device = watchDevice(monitor, {
        signal: { kind: 'iid' },
        ownOffset: ownOffsets[repetition % ownOffsets.length] ?? 0,
        seed,
        stream: 10_000_000 + 10_000 * index + repetition,
      });
      device.learn();
      if (device.find(change).finding?.pattern === pattern) right += 1;
    }
    const name =
      pattern === 'gain' ? `named right, gain ${change.gain}` : `named right, ${change.offset} sd`;
    return atLeast(name, { value: right / repetitions, unit: 'share', bound: 0.9 });
  });
}
