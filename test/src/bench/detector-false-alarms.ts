import { createRandom } from '@edgewise/models/random';
import { type Signal, unchanged } from './detector-streams.ts';
import { type DetectorBenchOptions, monitorOneFeature, watchDevice } from './detector-watch.ts';
import { atMost, type BenchResult, printed } from './result.ts';

const cleanWindows = 500;
const kinds = ['iid', 'ar', 'slow'] as const;

/** False alarms on clean streams of every kind, while learning and over 500 windows after it. */
export function benchFalseAlarms({ streams, seed }: DetectorBenchOptions): readonly BenchResult[] {
  const monitor = monitorOneFeature(1000);
  const alarms = { iid: 0, ar: 0, slow: 0, learning: 0 };
  const windows = { iid: 0, ar: 0, slow: 0 };
  for (let stream = 0; stream < streams; stream++) {
    const kind = kinds[stream % kinds.length] ?? 'iid';
    const noise = createRandom(seed + 1, stream);
    const signal = randomSignal(kind, noise.next());
    const ownOffset = randomOffset(stream, noise.next());
    const device = watchDevice(monitor, { signal, ownOffset, seed, stream });
    alarms.learning += device.learn();
    for (let window = 0; window < cleanWindows; window++) {
      if (device.step(unchanged) !== undefined) alarms[kind] += 1;
    }
    windows[kind] += cleanWindows;
  }
  const counted = kinds.map((kind) => ({ kind, alarms: alarms[kind], windows: windows[kind] }));
  const total = counted.reduce((sum, kind) => sum + kind.alarms, 0);
  return [
    atMost('false alarms per 10,000 feature-windows', {
      value: (1e4 * total) / (streams * cleanWindows),
      unit: 'alarms',
      bound: 1,
    }),
    ...counted.map((kind) =>
      printed(`false alarms in ${kind.windows} windows, ${kind.kind}`, kind.alarms, 'alarms'),
    ),
    printed('false alarms while learning', alarms.learning, 'alarms'),
  ];
}

function randomSignal(kind: Signal['kind'], uniform: number): Signal {
  if (kind === 'iid') return { kind };
  return kind === 'ar' ? { kind, phi: 0.8 + 0.15 * uniform } : { kind, phi: 0.97 + 0.02 * uniform };
}

/** One device in three is like the reference; the others differ by 0.5 to 2 sd. */
function randomOffset(stream: number, uniform: number): number {
  const direction = Math.floor(stream / kinds.length) % 3;
  return direction === 0 ? 0 : (direction === 1 ? 1 : -1) * (0.5 + 1.5 * uniform);
}
