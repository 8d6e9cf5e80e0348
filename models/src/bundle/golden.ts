import { FleetError } from '@edgewise/protocol';
import type { Feeds, Session } from '../runtime/runtime.ts';
import type { Golden } from './golden-file.ts';
import { joinVectors, pickVectors, vectorCount, vectorOf } from './vectors.ts';

/** Picks indices of the candidates that are worth keeping as golden inputs. */
export type GoldenChooser = (candidates: Feeds, count: number) => Promise<readonly number[]>;

/** How golden vectors are made. */
export interface GoldenOptions {
  /** Vectors to keep; default 32. */
  readonly vectors?: number;
  /** Default: evenly spread over the candidates. */
  readonly choose?: GoldenChooser;
  readonly signal?: AbortSignal;
}

/**
 * Golden vectors of a graph: `session` must be that graph loaded with `optimise: 'none'`.
 * Each vector is run as a batch of one, as a device does.
 */
export async function makeGolden(
  session: Session,
  candidates: Feeds,
  options: GoldenOptions = {},
): Promise<Golden> {
  const available = vectorCount(candidates);
  const wanted = Math.min(options.vectors ?? 32, available);
  const choose = options.choose ?? ((_, count) => Promise.resolve(spread(available, count)));
  const chosen = await choose(candidates, wanted);
  if (chosen.length === 0) throw new FleetError('insufficient-data', 'No golden input was chosen.');
  const inputs = pickVectors(candidates, chosen);
  const answers: Feeds[] = [];
  for (let index = 0; index < chosen.length; index++) {
    answers.push(await session.run(vectorOf(inputs, index), signalOf(options)));
  }
  return { vectors: chosen.length, inputs, outputs: joinVectors(answers) };
}

/**
 * A chooser that reaches both ends of the activation ranges, where integer arithmetic saturates:
 * `session` gives the values to look at as float32 outputs. For every value the inputs with its
 * smallest and its largest element are taken, the most extreme first; the rest is spread evenly.
 */
export function chooseExtremes(session: Session, options: { readonly signal?: AbortSignal } = {}) {
  const choose: GoldenChooser = async (candidates, count) => {
    const ranges: Map<string, Extremes> = new Map();
    const available = vectorCount(candidates);
    for (let index = 0; index < available; index++) {
      const values = await session.run(vectorOf(candidates, index), signalOf(options));
      for (const [name, { data }] of Object.entries(values)) {
        if (data instanceof Float32Array) widen(ranges, name, { index, data });
      }
    }
    const ends = [...ranges.values()].flatMap(({ lowest, highest }) => [
      lowest.index,
      highest.index,
    ]);
    return fill([...new Set(ends)].slice(0, count), available, count);
  };
  return choose;
}

interface Extremes {
  lowest: { index: number; value: number };
  highest: { index: number; value: number };
}

function widen(
  ranges: Map<string, Extremes>,
  name: string,
  seen: { readonly index: number; readonly data: Float32Array },
): void {
  const { index } = seen;
  let low = Infinity;
  let high = -Infinity;
  for (const value of seen.data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const known = ranges.get(name);
  if (known === undefined) {
    ranges.set(name, { lowest: { index, value: low }, highest: { index, value: high } });
    return;
  }
  if (low < known.lowest.value) known.lowest = { index, value: low };
  if (high > known.highest.value) known.highest = { index, value: high };
}

/** Adds evenly spread candidates until there are `count`. */
function fill(chosen: readonly number[], available: number, count: number): readonly number[] {
  const all = new Set(chosen);
  for (const index of [...spread(available, count), ...spread(available, available)]) {
    if (all.size >= count) break;
    all.add(index);
  }
  return [...all];
}

function spread(available: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * available) / count));
}

function signalOf({ signal }: { readonly signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
