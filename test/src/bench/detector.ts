/**
 * The detector's Monte-Carlo proof: false alarms on clean streams of every kind, delays against a
 * table, names of patterns, and cost. All through the public monitor; tau is never given.
 */
import { createDeviceMonitor, type DeviceMonitor, type DriftFinding } from '@edgewise/hub/monitor';
import { type Change, type Signal, simulateDevice, unchanged } from './detector-streams.ts';
import { atLeast, atMost, type BenchResult, printed } from './result.ts';
import { createNoise } from './seeded-noise.ts';

/** Size and seed of the proof. */
export interface DetectorBenchOptions {
  /** Clean streams of 500 windows, over all kinds; the delays use a tenth of that per change. */
  readonly streams: number;
  readonly seed: number;
}

const threshold = 10_000;
const cleanWindows = 500;
const maxBaselineWindows = 6000;
/** A change is missed when it is not found within so many windows. */
const patienceWindows = 300;

interface DelayCase {
  readonly name: string;
  readonly change: Change;
  readonly signal: Signal;
  /** Median delay to beat, windows. */
  readonly reference: number;
  /** Share that must be found. */
  readonly found: number;
  /** No test with this margin and alarm line is faster on average: log(1e4) / D*, windows. */
  readonly limit?: number;
}

const iid: Signal = { kind: 'iid' };
const delayCases: readonly DelayCase[] = [
  {
    name: 'offset 0.2 sd',
    change: { offset: 0.2, gain: 1 },
    signal: iid,
    reference: 206,
    found: 0.43,
  },
  { name: 'offset 0.3 sd', change: { offset: 0.3, gain: 1 }, signal: iid, reference: 21, found: 1 },
  { name: 'offset 0.5 sd', change: { offset: 0.5, gain: 1 }, signal: iid, reference: 3, found: 1 },
  { name: 'offset 1 sd', change: { offset: 1, gain: 1 }, signal: iid, reference: 1, found: 1 },
  { name: 'gain 1.3', change: { offset: 0, gain: 1.3 }, signal: iid, reference: 17, found: 1 },
  { name: 'gain 0.7', change: { offset: 0, gain: 0.7 }, signal: iid, reference: 4, found: 1 },
  { name: 'gain 1.6', change: { offset: 0, gain: 1.6 }, signal: iid, reference: 2, found: 1 },
  ...[
    { phi: 0.8, reference: 25 },
    { phi: 0.9, reference: 44 },
    { phi: 0.95, reference: 90 },
  ].map(({ phi, reference }) => ({
    name: `offset 0.5 sd, AR(1) ${phi}`,
    change: { offset: 0.5, gain: 1 },
    signal: { kind: 'ar' as const, phi },
    reference,
    found: 1,
  })),
];

const patternCases: readonly { readonly pattern: string; readonly changes: readonly Change[] }[] = [
  {
    pattern: 'offset',
    changes: [0.5, 1, 2, 3, 4].flatMap((offset) => [
      { offset, gain: 1 },
      { offset: -offset, gain: 1 },
    ]),
  },
  { pattern: 'gain', changes: [0.5, 0.7, 1.3, 1.6, 2].map((gain) => ({ offset: 0, gain })) },
];

/** Runs the whole proof; about a minute at 400 streams on one core. */
export function benchDetector(options: DetectorBenchOptions): readonly BenchResult[] {
  return [...falseAlarms(options), ...delays(options), ...patterns(options), cost(options)];
}

function monitorOf(minEffectiveSamples: number): DeviceMonitor {
  return createDeviceMonitor({
    features: [{ name: 'x', cohorts: [new Array<number>(20).fill(1000)] }],
    threshold,
    minEffectiveSamples,
    cachedTables: 4,
  });
}

interface Stream {
  /** Feeds one window; the alarm it raised, if any. */
  step(change: Change): DriftFinding | undefined;
  /** Feeds clean windows until the baseline is frozen; alarms raised meanwhile. */
  learn(): number;
}

function openStream(monitor: DeviceMonitor, device: Parameters<typeof simulateDevice>[0]): Stream {
  const simulated = simulateDevice(device);
  let state = monitor.createState();
  const step = (change: Change) => {
    const observation = monitor.observe(state, simulated.next(change));
    state = observation.state;
    return observation.findings.find((finding) => finding.kind === 'drift');
  };
  const learn = () => {
    let alarms = 0;
    for (let window = 0; window < maxBaselineWindows; window++) {
      if (step(unchanged) !== undefined) alarms += 1;
      if (state.features[0]?.drift.phase === 'monitoring') break;
    }
    return alarms;
  };
  return { step, learn };
}

function falseAlarms({ streams, seed }: DetectorBenchOptions): BenchResult[] {
  const monitor = monitorOf(1000);
  const kinds = ['iid', 'ar', 'slow'] as const;
  const alarms = { iid: 0, ar: 0, slow: 0, learning: 0 };
  const windows = { iid: 0, ar: 0, slow: 0 };
  for (let stream = 0; stream < streams; stream++) {
    const kind = kinds[stream % kinds.length] ?? 'iid';
    const noise = createNoise(seed + 1, stream);
    const { step, learn } = openStream(monitor, {
      signal: randomSignal(kind, noise.uniform()),
      ownOffset: randomOffset(stream, noise.uniform()),
      seed,
      stream,
    });
    alarms.learning += learn();
    for (let window = 0; window < cleanWindows; window++) {
      if (step(unchanged) !== undefined) alarms[kind] += 1;
    }
    windows[kind] += cleanWindows;
  }
  const total = { alarms: 0, windows: 0 };
  for (const kind of kinds) {
    total.alarms += alarms[kind];
    total.windows += windows[kind];
  }
  return [
    atMost('false alarms per 10,000 feature-windows', {
      value: (1e4 * total.alarms) / total.windows,
      unit: 'alarms',
      bound: 1,
    }),
    ...kinds.map((kind) =>
      printed(`false alarms in ${windows[kind]} windows, ${kind}`, alarms[kind], 'alarms'),
    ),
    atMost('false alarms while learning', { value: alarms.learning, unit: 'alarms', bound: 0 }),
  ];
}

function randomSignal(kind: Signal['kind'], uniform: number): Signal {
  if (kind === 'iid') return { kind };
  return kind === 'ar' ? { kind, phi: 0.8 + 0.15 * uniform } : { kind, phi: 0.97 + 0.02 * uniform };
}

/** One device in three is like the reference; the others differ by 0.5 to 2 sd. */
function randomOffset(stream: number, uniform: number): number {
  const direction = Math.floor(stream / 3) % 3;
  return direction === 0 ? 0 : (direction === 1 ? 1 : -1) * (0.5 + 1.5 * uniform);
}

function delays({ streams, seed }: DetectorBenchOptions): BenchResult[] {
  const monitor = monitorOf(5000);
  return delayCases.flatMap(({ name, change, signal, reference, found }, index) => {
    const repetitions = Math.max(10, Math.round(streams / (signal.kind === 'iid' ? 1 : 10)));
    const measured: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const stream = 100_000 * (index + 1) + repetition;
      measured.push(delayOf(openStream(monitor, { signal, ownOffset: 0, seed, stream }), change));
    }
    const detected = measured.filter(Number.isFinite);
    const median = measured.toSorted((a, b) => a - b)[measured.length >> 1] ?? Number.NaN;
    return [
      atMost(`delay, ${name}`, { value: median, unit: 'windows', bound: reference, reference }),
      atLeast(`found, ${name}`, {
        value: detected.length / repetitions,
        unit: 'share',
        bound: found,
      }),
    ];
  });
}

function delayOf(stream: Stream, change: Change): number {
  stream.learn();
  for (let window = 0; window < 50; window++) stream.step(unchanged);
  for (let window = 1; window <= patienceWindows; window++) {
    if (stream.step(change) !== undefined) return window;
  }
  return Number.POSITIVE_INFINITY;
}

function patterns({ streams, seed }: DetectorBenchOptions): BenchResult[] {
  const monitor = monitorOf(5000);
  const repetitions = Math.max(10, Math.round(streams / 4));
  return patternCases.flatMap(({ pattern, changes }, index) => {
    const shares = changes.map((change, at) => {
      let right = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const stream = 10_000_000 + 1_000_000 * index + 10_000 * at + repetition;
        const opened = openStream(monitor, { signal: iid, ownOffset: 0, seed, stream });
        if (patternOf(opened, change) === pattern) right += 1;
      }
      return { name: describeChange(change), share: right / repetitions };
    });
    return shares.map(({ name, share }) =>
      atLeast(`named right, ${name}`, { value: share, unit: 'share', bound: 0.9 }),
    );
  });
}

function patternOf(stream: Stream, change: Change): string | undefined {
  stream.learn();
  for (let window = 0; window < patienceWindows; window++) {
    const finding = stream.step(change);
    if (finding !== undefined) return finding.pattern;
  }
  return undefined;
}

function describeChange({ offset, gain }: Change): string {
  return gain === 1 ? `offset ${offset} sd` : `gain ${gain}`;
}

function cost({ seed }: DetectorBenchOptions): BenchResult {
  const monitor = monitorOf(1000);
  const device = simulateDevice({ signal: iid, ownOffset: 0, seed, stream: 77 });
  const windows = Array.from({ length: 2000 }, () => device.next(unchanged));
  let state = monitor.createState();
  let startMs = 0;
  for (const [index, window] of windows.entries()) {
    if (index === 1000) startMs = performance.now();
    state = monitor.observe(state, window).state;
  }
  const microseconds = (1000 * (performance.now() - startMs)) / 1000;
  return atMost('cost per window and feature', { value: microseconds, unit: 'us', bound: 100 });
}
