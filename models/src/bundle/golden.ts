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

/** How a chooser reaches the ends of ranges. */
export interface ExtremesOptions {
  /** Vectors to choose at least, if there are so many; default as many as are asked for. */
  readonly least?: number;
  readonly signal?: AbortSignal;
}

/**
 * A chooser that reaches both ends of every activation range, where integer arithmetic saturates:
 * `session` gives the values to look at as float32 outputs. An end of a value's range is reached by
 * an input that brings it within one of 255 steps of its extreme over all candidates. Inputs that
 * reach most ends which none before did come first; when all are reached (or `count` are chosen)
 * the rest up to `least` is spread evenly.
 */
export function chooseExtremes(session: Session, options: ExtremesOptions = {}): GoldenChooser {
  return async (candidates, count) => {
    const available = vectorCount(candidates);
    const spans: ReadonlyMap<string, Span>[] = [];
    for (let index = 0; index < available; index++) {
      const values = await session.run(vectorOf(candidates, index), signalOf(options));
      spans.push(spansOf(values));
    }
    const chosen = coverEnds(endsReached(spans), count);
    const least = Math.min(options.least ?? count, count);
    return fill(chosen, available, Math.max(chosen.length, least));
  };
}

/** What one value ranged over. */
interface Span {
  readonly low: number;
  readonly high: number;
}

function spansOf(values: Feeds): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  for (const [name, { data }] of Object.entries(values)) {
    if (!(data instanceof Float32Array)) continue;
    let low = Infinity;
    let high = -Infinity;
    for (const value of data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low <= high) spans.set(name, { low, high });
  }
  return spans;
}

/** Steps that a range of bytes has. */
const steps = 255;

/** The ends that each input reaches, by name. */
function endsReached(spans: readonly ReadonlyMap<string, Span>[]): readonly ReadonlySet<string>[] {
  const whole = new Map<string, Span>();
  for (const [name, { low, high }] of spans.flatMap((each) => [...each])) {
    const known = whole.get(name) ?? { low, high };
    whole.set(name, { low: Math.min(known.low, low), high: Math.max(known.high, high) });
  }
  return spans.map((each) => {
    const reached = new Set<string>();
    for (const [name, { low, high }] of each) {
      const { low: least = low, high: greatest = high } = whole.get(name) ?? {};
      const step = (greatest - least) / steps;
      if (low <= least + step) reached.add(`low ${name}`);
      if (high >= greatest - step) reached.add(`high ${name}`);
    }
    return reached;
  });
}

/** Greedy set cover: the input that reaches most new ends, until all are reached or `most` are taken. */
function coverEnds(reached: readonly ReadonlySet<string>[], most: number): readonly number[] {
  const missing = new Set(reached.flatMap((ends) => [...ends]));
  const chosen: number[] = [];
  while (missing.size > 0 && chosen.length < most) {
    const gains = reached.map((ends) => [...ends].filter((end) => missing.has(end)).length);
    const best = gains.indexOf(Math.max(...gains));
    chosen.push(best);
    for (const end of reached[best] ?? []) missing.delete(end);
  }
  return chosen;
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
