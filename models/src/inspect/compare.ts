import { FleetError } from '@edgewise/protocol';
import { sliceVectors, vectorCount } from '../bundle/vectors.ts';
import type { Feeds, Session } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createSignalNoise, type SignalNoise } from './signal.ts';

/** How two models answer the same inputs. */
export interface Comparison {
  readonly samples: number;
  readonly outputs: readonly OutputComparison[];
  /** Absent for models without an output of classes. */
  readonly classes?: ClassComparison;
  readonly latency: LatencyComparison;
}

/** One output of the first model beside that of the second. */
export interface OutputComparison {
  readonly name: string;
  /** In dB, with the first model as the signal; `undefined` when it is always zero. */
  readonly sqnrDb: number | undefined;
  readonly largestDifference: number;
}

/** How often the same class is on top. */
export interface ClassComparison {
  readonly output: string;
  /** Share of samples, 0 to 1. */
  readonly agreement: number;
  /** Only with labels. */
  readonly accuracy?: {
    readonly a: number;
    readonly b: number;
    /** b - a with the 95 % interval of paired answers (Wald, from the discordant pairs). */
    readonly difference: number;
    readonly low: number;
    readonly high: number;
  };
}

/** Milliseconds of one run on this machine, both models in turn. */
export interface LatencyComparison {
  /** In a run: 1, or what the models fix. */
  readonly samples: number;
  readonly a: { readonly medianMs: number; readonly p90Ms: number };
  readonly b: { readonly medianMs: number; readonly p90Ms: number };
  /** Median of a through median of b: above 1, b is faster. */
  readonly speedup: number;
}

/** What is compared. */
export interface CompareOptions {
  /** All samples, first axis the samples; or a list of runs, for inputs without such an axis. */
  readonly samples: Feeds | readonly Feeds[];
  readonly labels?: ArrayLike<number>;
  /** Samples of one run; default 1. */
  readonly batch?: number;
  /** Timed runs of each model; default 50. */
  readonly runs?: number;
  readonly onProgress?: (done: number, of: number) => void;
  /** Called after each round of timed runs, the warm-up included. */
  readonly onTimed?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** Samples that warm a session up before it is timed. */
const warmUp = 5;

/**
 * Runs two models side by side. Outputs are matched by name, else by their place. Throws
 * `insufficient-data` without samples, `invalid-argument` for outputs that cannot be compared.
 */
export async function compareModels(
  a: Session,
  b: Session,
  options: CompareOptions,
): Promise<Comparison> {
  const { samples, batch = 1 } = options;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const count = isList(samples) ? samples.length : vectorCount(samples);
  if (count === 0) throw new FleetError('insufficient-data', 'There is no sample to compare with.');
  const pairs = matchOutputs(a, b);
  const noise = pairs.map(() => createSignalNoise());
  const tops = createTops(pairs);
  let done = 0;
  for (const feed of isList(samples) ? samples : batchesOf(samples, count, batch)) {
    const [left, right] = [await a.run(feed, signal), await b.run(feed, signal)];
    for (const [at, [mine, other]] of pairs.entries()) {
      addPair(noise[at] as SignalNoise, { name: mine, wanted: left[mine], given: right[other] });
    }
    tops.add(left, right);
    done = Math.min(done + (isList(samples) ? 1 : batch), count);
    options.onProgress?.(done, count);
  }
  const classes = tops.result(options.labels);
  return {
    samples: count,
    outputs: pairs.map(([name], at) => ({
      name,
      sqnrDb: noise[at]?.sqnrDb(),
      largestDifference: noise[at]?.largest() ?? 0,
    })),
    ...(classes && { classes }),
    latency: await measureLatency(a, b, options),
  };
}

const isList = (samples: Feeds | readonly Feeds[]): samples is readonly Feeds[] =>
  Array.isArray(samples);

function* batchesOf(samples: Feeds, count: number, batch: number): Generator<Feeds> {
  for (let start = 0; start < count; start += batch) yield sliceVectors(samples, start, batch);
}

type Pair = readonly [a: string, b: string];

function matchOutputs(a: Session, b: Session): readonly Pair[] {
  const floats = ({ outputs }: Session) => outputs.filter(({ dtype }) => dtype === 'float32');
  const [mine, others] = [floats(a), floats(b)];
  const byName = mine.filter(({ name }) => others.some((other) => other.name === name));
  if (byName.length > 0) return byName.map(({ name }) => [name, name]);
  if (mine.length === 0 || mine.length !== others.length) {
    throw new FleetError(
      'invalid-argument',
      `The outputs do not match: ${mine.map(({ name }) => name).join(', ')} and ${others.map(({ name }) => name).join(', ')}.`,
    );
  }
  return mine.map(({ name }, at) => [name, others[at]?.name ?? '']);
}

function addPair(
  noise: SignalNoise,
  { name, wanted, given }: { name: string; wanted: Tensor | undefined; given: Tensor | undefined },
): void {
  if (wanted === undefined || given === undefined || wanted.data.length !== given.data.length) {
    const sizes = [wanted, given].map((each) => `[${each?.dims.join(', ')}]`).join(' and ');
    throw new FleetError('invalid-argument', `Output "${name}" has different sizes: ${sizes}.`);
  }
  noise.add(wanted, given);
}

interface Tops {
  add(left: Feeds, right: Feeds): void;
  result(labels: ArrayLike<number> | undefined): ClassComparison | undefined;
}

/** Collects the top class of the first pair of outputs of [batch, classes]. */
function createTops(pairs: readonly Pair[]): Tops {
  const [mine, others]: [number[], number[]] = [[], []];
  let chosen: Pair | undefined;
  let classes = 0;
  return {
    add(left, right) {
      chosen ??= pairs.find(([name]) => {
        const dims = left[name]?.dims ?? [];
        return dims.length === 2 && (dims[1] ?? 0) > 1;
      });
      if (chosen === undefined) return;
      classes = left[chosen[0]]?.dims[1] ?? 0;
      mine.push(...topsOf(left[chosen[0]] as Tensor));
      others.push(...topsOf(right[chosen[1]] as Tensor));
    },
    result(labels) {
      if (chosen === undefined || mine.length === 0) return undefined;
      if (labels !== undefined) assertLabels(labels, classes);
      const agreeing = mine.filter((top, at) => top === others[at]).length;
      return {
        output: chosen[0],
        agreement: agreeing / mine.length,
        ...(labels && { accuracy: accuracyOf(mine, others, labels) }),
      };
    },
  };
}

/** A label that no output can answer would only lower the accuracy of both. */
function assertLabels(labels: ArrayLike<number>, classes: number): void {
  const at = Array.from(labels).findIndex((label) => !(label >= 0 && label < classes));
  if (at < 0) return;
  const known = `there are 0 to ${classes - 1}`;
  const reason = `Label ${labels[at]} of sample ${at + 1} is no class: ${known}.`;
  throw new FleetError('invalid-argument', reason);
}

/** Places of the greatest numbers; NaN, which equals nothing, for a row that has one. */
function topsOf({ dims, data }: Tensor): readonly number[] {
  const classes = dims[1] ?? 1;
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => {
    let top = 0;
    for (let at = 0; at < classes; at++) {
      const value = Number(data[row * classes + at]);
      if (Number.isNaN(value)) return Number.NaN;
      if (value > Number(data[row * classes + top])) top = at;
    }
    return top;
  });
}

function accuracyOf(a: readonly number[], b: readonly number[], labels: ArrayLike<number>) {
  const count = a.length;
  if (labels.length !== count) {
    throw new FleetError(
      'invalid-argument',
      `There are ${count} samples but ${labels.length} labels.`,
    );
  }
  const rightOf = (tops: readonly number[]) => tops.map((top, at) => top === labels[at]);
  const [rightA, rightB] = [rightOf(a), rightOf(b)];
  const share = (right: readonly boolean[]) => right.filter(Boolean).length / count;
  const won = rightB.filter((right, at) => right && rightA[at] !== true).length;
  const lost = rightA.filter((right, at) => right && rightB[at] !== true).length;
  const difference = (won - lost) / count;
  const half = (1.96 * Math.sqrt(won + lost - (won - lost) ** 2 / count)) / count;
  return {
    ...{ a: share(rightA), b: share(rightB), difference },
    ...{ low: difference - half, high: difference + half },
  };
}

async function measureLatency(
  a: Session,
  b: Session,
  { samples, runs = 50, signal, onTimed }: CompareOptions,
): Promise<LatencyComparison> {
  const run = signal === undefined ? {} : { signal };
  const { feed, count } = oneRun(a, b, samples);
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < runs + warmUp; round++) {
    for (const [at, session] of [a, b].entries()) {
      const startedMs = performance.now();
      await session.run(feed, run);
      if (round >= warmUp) times[at as 0 | 1].push(performance.now() - startedMs);
    }
    onTimed?.(round + 1, runs + warmUp);
  }
  const [left, right] = times.map(quantiles);
  const none = { medianMs: 0, p90Ms: 0 };
  return {
    samples: count,
    a: left ?? none,
    b: right ?? none,
    speedup: (left?.medianMs ?? 0) / (right?.medianMs ?? 1),
  };
}

/** What is timed: one sample, or as many as the models fix. */
function oneRun(a: Session, b: Session, samples: CompareOptions['samples']) {
  if (isList(samples)) return { feed: samples[0] ?? {}, count: 1 };
  const count = Math.max(1, ...[...a.inputs, ...b.inputs].map(({ dims }) => dims[0] ?? 1));
  return { feed: sliceVectors(samples, 0, count), count };
}

function quantiles(times: readonly number[]): { medianMs: number; p90Ms: number } {
  const sorted = times.toSorted((x, y) => x - y);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { medianMs: at(0.5), p90Ms: at(0.9) };
}
