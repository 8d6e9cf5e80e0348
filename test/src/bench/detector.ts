/**
 * The detector's Monte-Carlo proof: false alarms on clean streams of every kind, delays against a
 * table, names of patterns, and cost. All through the public monitor; tau is never given.
 */
import { benchDelays } from './detector-delays.ts';
import { benchFalseAlarms } from './detector-false-alarms.ts';
import { benchPatterns } from './detector-patterns.ts';
import { simulateDevice, unchanged } from './detector-streams.ts';
import { type DetectorBenchOptions, monitorOneFeature } from './detector-watch.ts';
import { atMost, type BenchResult } from './result.ts';

/** Runs the whole proof; under a minute at 400 streams on one core. */
export function benchDetector(options: DetectorBenchOptions): readonly BenchResult[] {
  return [
    ...benchFalseAlarms(options),
    ...benchDelays(options),
    ...benchPatterns(options),
    benchCost(options),
  ];
}

const warmWindows = 2000;
const timedWindows = 1000;

function benchCost({ seed }: DetectorBenchOptions): BenchResult {
  const monitor = monitorOneFeature(1000);
  const device = simulateDevice({ signal: { kind: 'iid' }, ownOffset: 0, seed, stream: 0 });
  const windows = Array.from({ length: warmWindows + timedWindows }, () => device.next(unchanged));
  let state = monitor.createState();
  let startMs = 0;
  for (const [index, window] of windows.entries()) {
    if (index === warmWindows) startMs = performance.now();
    state = monitor.observe(state, window).state;
  }
  const value = (1000 * (performance.now() - startMs)) / timedWindows;
  return atMost('cost per window and feature', { value, unit: 'us', bound: 100 });
}
