import type { Feeds } from '../../runtime/runtime.ts';
import type { Fault } from './layer-faults.ts';
import type { WatchedLayer } from './watch-layers.ts';

/** One layer, given right inputs. */
export interface LayerSaturation {
  /** The node's name, or its first output where it has none. */
  readonly node: string;
  readonly op: string;
  /** Numbers it gave over all samples. */
  readonly outputs: number;
  /** How many of them the processor gets wrong. */
  readonly wrong: number;
  /** Largest error in steps of the output's grid; of a float output, in 1/255 of what it spans. */
  readonly largest: number;
  /** Where that is; absent when nothing is wrong. */
  readonly where?: { readonly feed: number; readonly index: number };
}

/** Adds up what becomes of one layer. */
export interface Tally {
  /** Looks at the values of one feed. */
  take(values: Feeds, feed: number): void;
  result(): LayerSaturation;
}

/** Starts counting the faults of a layer. */
export function createTally({ layer, find, shape, float }: WatchedLayer): Tally {
  let outputs = 0;
  let wrong = 0;
  let largest = 0;
  let where: LayerSaturation['where'];
  let [low, high] = [Infinity, -Infinity];
  const count = (feed: number, { at, right, wrong: given }: Fault): void => {
    wrong++;
    const error = Math.abs(given - right);
    if (error <= largest) return;
    largest = error;
    where = { feed, index: at };
  };
  return {
    take(values, feed) {
      outputs += Array.from(values[shape]?.data ?? [], Number).reduce((a, b) => a * b, 1);
      for (const value of (values[float ?? '']?.data ?? []) as Float32Array) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      const codes = values[layer.input.value];
      if (codes !== undefined) find?.(codes, (fault) => count(feed, fault));
    },
    result() {
      const step = layer.output === undefined ? (high - low) / 255 : 1;
      const { name: node } = layer;
      const found = { node, op: layer.node.op, outputs, wrong };
      return where === undefined
        ? { ...found, largest: 0 }
        : { ...found, largest: largest / step, where };
    },
  };
}
