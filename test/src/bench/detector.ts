/**
 * The detector's Monte-Carlo proof: false alarms on clean streams of every kind, delays against a
 * table, names of patterns, and cost. All through the public monitor; tau is never given.
 */
import { benchDelays } from './detector-delays.ts';
import { benchFalseAlarms } from './detector-false-alarms.ts';
import { benchPatterns } from './detector-patterns.ts';
import { simulateDevice, unchanged } from './detector-streams.ts';
import { type DetectorBenchOptions, monitorOneFeature } from './detector-watch.ts';
import { atMost, type BenchResult, printed } from './result.ts';

/** Runs the whole proof; under a minute at 400 streams on one core. */
export function benchDetector(options: DetectorBenchOptions): readonly BenchResult[] {
  return [
    ...benchFalseAlarms(options),
    ...benchDelays(options),
    ...benchPatterns(options),
    benchCost(options),
    stateSize(options),
  ];
}

const warmWindows = 2000;
const timedWindows = 500;
const rounds = 5;

/** The fastest of several rounds: the others measure what else the machine was doing. */
function benchCost({ seed }: DetectorBenchOptions): BenchResult {
  const monitor = monitorOneFeature(1000);
  const device = simulateDevice({ signal: { kind: 'iid' }, ownOffset: 0, seed, stream: 0 });
  let state = monitor.createState();
  const feedMs = (count: number): number => {
    const windows = Array.from({ length: count }, () => device.next(unchanged));
    const startMs = performance.now();
    for (const window of windows) state = monitor.observe(state, window).state;
    return performance.now() - startMs;
  };
  feedMs(warmWindows);
  const fastestMs = Math.min(...Array.from({ length: rounds }, () => feedMs(timedWindows)));
  const value = (1000 * fastestMs) / timedWindows;
  return atMost('cost per window and feature', { value, unit: 'us', bound: 100 });
}

function stateSize({ seed }: DetectorBenchOptions): BenchResult {
  const monitor = monitorOneFeature(1000);
  const device = simulateDevice({ signal: { kind: 'iid' }, ownOffset: 0, seed, stream: 0 });
  let state = monitor.createState();
  for (let window = 0; window < warmWindows; window++) {
    state = monitor.observe(state, device.next(unchanged)).state;
  }
  const sizeBytes = JSON.stringify(state.features).length;
  return printed(`stored state per feature after ${warmWindows} windows`, sizeBytes, 'bytes');
}
