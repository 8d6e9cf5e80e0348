import { noNumber } from '@edgewise/protocol';
import type { Golden } from '../bundle/golden-file.ts';
import { type Deviation, deviationsOf, topOf } from '../bundle/parity.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { roundDifferently } from './round-differently.ts';

/** How far rounding alone moves the golden answers of a graph. */
export interface Sway {
  /** By output. */
  readonly deviations: ReadonlyMap<string, Deviation>;
  /** Vectors whose class it changes; 0 without an output that holds classes. */
  readonly topsMoved: number;
}

/** How sway is measured. */
export interface SwayOptions {
  readonly runtime: Runtime;
  /** Output whose largest element is the answer. */
  readonly topOutput?: string;
  readonly signal?: AbortSignal;
}

/** What one round of rounding differently does is half by chance; so many show what it can do. */
const rounds = 4;

/**
 * The most that rounding differently did in several rounds. Answers that it makes infinite or no
 * number are left out, for no limit could bear them.
 */
export async function swayOf(model: Model, golden: Golden, options: SwayOptions): Promise<Sway> {
  const { runtime, topOutput = '', signal } = options;
  const stop = signal === undefined ? {} : { signal };
  const graph = writeModel(roundDifferently(model));
  await using session = await runtime.load(graph, { optimise: 'none', ...stop });
  const deviations = new Map<string, Deviation>();
  let topsMoved = 0;
  for (let round = 0; round < rounds; round++) {
    let moved = 0;
    const found = await deviationsOf(session, golden, {
      ...stop,
      onVector({ [topOutput]: before }, { [topOutput]: after }) {
        if (before && after && topOf(before) !== topOf(after)) moved++;
      },
    });
    topsMoved = Math.max(topsMoved, moved);
    for (const [name, each] of found) deviations.set(name, greater(deviations.get(name), each));
  }
  return { deviations, topsMoved };
}

const still: Deviation = { largest: 0, rms: 0 };

function greater(one = still, other: Deviation): Deviation {
  if (other.largest === noNumber) return one;
  return {
    largest: Math.max(one.largest, other.largest),
    rms: Math.max(one.rms, other.rms),
  };
}
