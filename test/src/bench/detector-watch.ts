import { createDeviceMonitor, type DeviceMonitor, type DriftFinding } from '@edgewise/hub/monitor';
import { type Change, simulateDevice, unchanged } from './detector-streams.ts';

/** Size and seed of the detector's proof. */
export interface DetectorBenchOptions {
  /** Clean streams of 500 windows, over all kinds; also the repetitions per change. */
  readonly streams: number;
  readonly seed: number;
}

/** A simulated device under the public monitor. */
export interface WatchedDevice {
  /** Feeds one window; the alarm it raised, if any. */
  step(change: Change): DriftFinding | undefined;
  /** Feeds clean windows until the baseline is frozen; the number of alarms raised meanwhile. */
  learn(): number;
  /** Feeds changed windows until one alarms, at most 300; that alarm and the windows it took. */
  find(change: Change): { readonly finding: DriftFinding | undefined; readonly windows: number };
}

const maxBaselineWindows = 6000;
/** A change is missed when it is not found within so many windows. */
const patienceWindows = 300;

/** A monitor of one feature at the alarm line 10,000; tau is never given. */
export function monitorOneFeature(minEffectiveSamples: number): DeviceMonitor {
  return createDeviceMonitor({
    features: [{ name: 'x', cohorts: [new Array<number>(20).fill(1000)] }],
    threshold: 10_000,
    minEffectiveSamples,
  });
}

/** Puts a simulated device under a monitor. */
export function watchDevice(
  monitor: DeviceMonitor,
  device: Parameters<typeof simulateDevice>[0],
): WatchedDevice {
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
  const find = (change: Change) => {
    for (let windows = 1; windows <= patienceWindows; windows++) {
      const finding = step(change);
      if (finding !== undefined) return { finding, windows };
    }
    return { finding: undefined, windows: Number.POSITIVE_INFINITY };
  };
  return { step, learn, find };
}
