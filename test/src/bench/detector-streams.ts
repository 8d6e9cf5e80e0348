/** Simulated sensors for the detector's proof: what a device sends, window after window. */
import type { MonitoredWindow } from '@edgewise/hub/monitor';
import { createRandom, type Random } from '@edgewise/models/random';

/** How a sensor's samples depend on each other; always mean 0 and variance 1. */
export type Signal =
  | { readonly kind: 'iid' }
  /** First-order autoregressive: x(t) = phi x(t-1) + noise. */
  | { readonly kind: 'ar'; readonly phi: number }
  /** A slow autoregressive signal under white noise, half of the variance each. */
  | { readonly kind: 'slow'; readonly phi: number };

/** A change of the sensor: x becomes offset + gain x. */
export interface Change {
  readonly offset: number;
  readonly gain: number;
}

/** No change. */
export const unchanged: Change = { offset: 0, gain: 1 };

/** One simulated device with one feature. */
export interface SimulatedDevice {
  /** Its next window of 100 samples under a change. */
  next(change: Change): MonitoredWindow;
}

const samplesPerWindow = 100;
const bins = 20;
/** Normal quantiles k/20; the model's bin edges are those of its reference, N(0, 1). */
const edges = [
  -1.644854, -1.281552, -1.036433, -0.841621, -0.67449, -0.524401, -0.38532, -0.253347, -0.125661,
];
const allEdges = Float64Array.from([...edges, 0, ...edges.map((edge) => -edge).reverse()]);
/** Beyond the reference's extremes a sample counts as under or over. */
const extreme = 3.7;

/** A device whose own normal differs from the reference by `ownOffset` standard deviations. */
export function simulateDevice(options: {
  readonly signal: Signal;
  readonly ownOffset: number;
  readonly seed: number;
  readonly stream: number;
}): SimulatedDevice {
  const { signal, ownOffset, seed, stream } = options;
  const draw = sampler(signal, createRandom(seed, stream));
  let sequence = 0;
  return {
    next: ({ offset, gain }) => {
      const feature = countFeature(() => ownOffset + offset + gain * draw());
      sequence += 1;
      return { epoch: 1, sequence, spanMs: 10_000, features: [feature], predictions: [] };
    },
  };
}

function sampler(signal: Signal, noise: Random): () => number {
  if (signal.kind === 'iid') return () => noise.normal();
  const { phi } = signal;
  const innovation = Math.sqrt(1 - phi * phi);
  let x = noise.normal();
  const slow = () => {
    x = phi * x + innovation * noise.normal();
    return x;
  };
  if (signal.kind === 'ar') return slow;
  return () => Math.SQRT1_2 * (slow() + noise.normal());
}

function countFeature(draw: () => number): MonitoredWindow['features'][number] {
  const counts = new Uint32Array(bins + 4);
  let sumZ = 0;
  let sumZ2 = 0;
  let sumLag = 0;
  let minZ = Number.POSITIVE_INFINITY;
  let maxZ = Number.NEGATIVE_INFINITY;
  let before = 0;
  for (let sample = 0; sample < samplesPerWindow; sample++) {
    const z = draw();
    const cell = cellOf(z);
    counts[cell] = (counts[cell] ?? 0) + 1;
    sumZ += z;
    sumZ2 += z * z;
    sumLag += before * z;
    before = z;
    minZ = Math.min(minZ, z);
    maxZ = Math.max(maxZ, z);
  }
  return { counts, sumZ, sumZ2, minZ, maxZ, sumLag };
}

function cellOf(z: number): number {
  if (z < -extreme) return bins;
  if (z > extreme) return bins + 1;
  let low = 0;
  let high = bins - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (z < (allEdges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
