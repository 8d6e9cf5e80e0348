import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { namedRuntime } from '../runtime/named-runtime.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How far a model's outputs are from those of the float model. */
export interface AnswerError {
  /** Sum of squared differences over sum of squares, averaged over the outputs; 0 is equal. */
  readonly error: number;
  /** Share of samples with the same class on top, 0 to 1; only with an output [samples, classes]. */
  readonly agreement?: number;
  /** Mean Kullback-Leibler divergence of the classes' probabilities, in nats; likewise. */
  readonly divergence?: number;
}

/** The figures with what they are the means of. */
export interface MeasuredError extends AnswerError {
  /**
   * What each sample adds: their mean is `error`, and the same place means the same sample for every
   * model. A run whose inputs and outputs do not share their first size is one sample.
   */
  readonly samples: Float64Array;
}

/** The float model's answers to some feeds. */
export interface Answers {
  /** Runs a model with the same inputs and outputs on the same feeds. */
  errorOf(model: Model): Promise<MeasuredError>;
}

/** How models are run to be compared. */
export interface AnswerOptions {
  readonly runtime: Runtime;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs the float model once and keeps its outputs. All runs are of the graph as it is written, so
 * that the figures do not hang on how this processor multiplies bytes.
 */
export async function answersOf(
  model: Model,
  feeds: readonly Feeds[],
  options: AnswerOptions,
): Promise<Answers> {
  const truth: Feeds[] = [];
  const callIt = (name: string) => ({ ...options, runtime: namedRuntime(options.runtime, name) });
  await eachAnswer(model, feeds, callIt('The float model'), (outputs) => truth.push(outputs));
  return {
    async errorOf(candidate) {
      const sums = new Map<string, OutputSums>();
      await eachAnswer(candidate, feeds, callIt('The int8 model'), (outputs, at) => {
        for (const [name, wanted] of Object.entries(truth[at] ?? {})) {
          const given = outputs[name];
          if (given?.data.length !== wanted.data.length) throw unequal(name);
          const sum = sums.get(name) ?? emptySums();
          addNoise(sum, { wanted, given, samples: samplesIn(feeds[at] ?? {}, outputs) });
          addClasses(sum, wanted, given);
          sums.set(name, sum);
        }
      });
      return summary([...sums.values()]);
    },
  };
}

async function eachAnswer(
  model: Model,
  feeds: readonly Feeds[],
  { runtime, threads = 1, signal }: AnswerOptions,
  visit: (outputs: Feeds, at: number) => void,
): Promise<void> {
  const load = { optimise: 'none', threads, ...(signal && { signal }) } as const;
  await using session = await runtime.load(writeModel(model), load);
  for (const [at, feed] of feeds.entries()) {
    visit(await session.run(feed, signal && { signal }), at);
  }
}

/** The first size that all values share, else one. */
function samplesIn(feed: Feeds, outputs: Feeds): number {
  const values = [...Object.values(feed), ...Object.values(outputs)];
  const [count = 0, ...others] = values.map(({ dims }) => dims[0] ?? 0);
  return count > 0 && others.every((size) => size === count) ? count : 1;
}

interface OutputSums {
  signal: number;
  /** One for each sample. */
  readonly noises: number[];
  rows: number;
  agreeing: number;
  divergence: number;
}

const emptySums = (): OutputSums => ({
  ...{ signal: 0, noises: [], rows: 0, agreeing: 0, divergence: 0 },
});

function addNoise(
  sums: OutputSums,
  run: { readonly wanted: Tensor; readonly given: Tensor; readonly samples: number },
): void {
  const [wanted, given] = [run.wanted.data, run.given.data];
  const size = wanted.length / run.samples;
  for (let start = 0; start < wanted.length; start += size) {
    let noise = 0;
    for (let at = start; at < start + size; at++) {
      const value = Number(wanted[at]);
      const difference = value - Number(given[at]);
      sums.signal += value * value;
      noise += difference * difference;
    }
    sums.noises.push(noise);
  }
}

function addClasses(sums: OutputSums, wanted: Tensor, given: Tensor): void {
  const [rows = 0, classes = 0, ...more] = wanted.dims;
  if (wanted.dtype !== 'float32' || classes < 2 || more.length > 0) return;
  for (let row = 0; row < rows; row++) {
    const rowOf = ({ data }: Tensor): Float32Array =>
      (data as Float32Array).subarray(row * classes, (row + 1) * classes);
    const [truth, answer] = [rowOf(wanted), rowOf(given)];
    const isDistribution = sumsToOne(truth);
    sums.rows++;
    if (topOf(truth) === topOf(answer)) sums.agreeing++;
    sums.divergence += divergenceOf(
      isDistribution ? logarithms(truth) : logSoftmax(truth),
      isDistribution ? logarithms(answer) : logSoftmax(answer),
    );
  }
}

function summary(outputs: readonly OutputSums[]): MeasuredError {
  const samples = new Float64Array(outputs[0]?.noises.length ?? 0);
  for (const { signal, noises } of outputs) {
    const whole = signal || total(noises) || 1;
    for (const [at, noise] of noises.entries()) {
      const share = (noise / whole) * (samples.length / outputs.length);
      samples[at] = (samples[at] ?? 0) + (Number.isNaN(share) ? Number.POSITIVE_INFINITY : share);
    }
  }
  const error = total(samples) / Math.max(1, samples.length);
  const classes = outputs.find(({ rows }) => rows > 0);
  if (classes === undefined) return { error, samples };
  const { agreeing, divergence, rows } = classes;
  return { error, samples, agreement: agreeing / rows, divergence: divergence / rows };
}

function total(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

function sumsToOne(row: Float32Array): boolean {
  const sum = row.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0);
}

function topOf(row: Float32Array): number {
  let top = 0;
  for (let at = 1; at < row.length; at++) if ((row[at] ?? 0) > (row[top] ?? 0)) top = at;
  return top;
}

/** Stands in for a probability of zero. */
const leastProbability = 1e-8;

function logarithms(row: Float32Array): Float64Array {
  return Float64Array.from(row, (value) => Math.log(Math.max(value, leastProbability)));
}

function logSoftmax(row: Float32Array): Float64Array {
  const greatest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = row.reduce((total, value) => total + Math.exp(value - greatest), 0);
  return Float64Array.from(row, (value) => value - greatest - Math.log(sum));
}

function divergenceOf(truth: Float64Array, answer: Float64Array): number {
  return truth.reduce((sum, value, at) => sum + Math.exp(value) * (value - (answer[at] ?? 0)), 0);
}

function unequal(name: string): FleetError {
  return new FleetError('internal', `Output "${name}" changed its size under quantization.`);
}
