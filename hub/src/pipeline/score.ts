import type { Runtime, Session } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { modelNames } from '@edgewise/models/train';
import type { Samples } from '../datasets/samples.ts';

/** Inputs per run. */
const batch = 250;

/** The most probable class of each sample, by a graph with inputs `input` and outputs `probabilities`. */
export async function classify(
  graph: Uint8Array,
  samples: Samples,
  options: {
    readonly runtime: Runtime;
    readonly shape: readonly number[];
    readonly optimise?: 'none' | 'all';
    readonly threads?: number;
    readonly signal?: AbortSignal;
    readonly onProgress?: (share: number) => void;
  },
): Promise<Int32Array> {
  const { runtime, shape, optimise = 'all', threads = 1, signal } = options;
  const given = signal === undefined ? {} : { signal };
  await using session = await runtime.load(graph, { optimise, threads, ...given });
  const answers = new Int32Array(samples.labels.length);
  for (let start = 0; start < answers.length; start += batch) {
    answers.set(await classifyBatch(session, slice(samples, { start, shape }), given), start);
    options.onProgress?.(start / answers.length);
  }
  return answers;
}

/** Share of samples (0 to 1) whose answer is their label. */
export function accuracyOf(answers: Int32Array, labels: Int32Array): number {
  let right = 0;
  for (const [at, label] of labels.entries()) if (answers[at] === label) right++;
  return labels.length === 0 ? 0 : right / labels.length;
}

async function classifyBatch(
  session: Session,
  input: Tensor,
  options: { readonly signal?: AbortSignal },
): Promise<Int32Array> {
  const outputs = [modelNames.probabilities];
  const result = await session.run({ [modelNames.input]: input }, { ...options, outputs });
  const probabilities = result[modelNames.probabilities]?.data as Float32Array;
  const count = input.dims[0] ?? 0;
  const classes = probabilities.length / count;
  return Int32Array.from({ length: count }, (_, row) => {
    const scores = probabilities.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(scores.reduce((best, score) => Math.max(best, score), -Infinity));
  });
}

function slice(
  { inputs, labels }: Samples,
  { start, shape }: { readonly start: number; readonly shape: readonly number[] },
): Tensor {
  const count = Math.min(batch, labels.length - start);
  const size = inputs.data.length / labels.length;
  const data = (inputs.data as Uint8Array).subarray(start * size, (start + count) * size);
  return { dtype: inputs.dtype, dims: [count, ...shape], data } as Tensor;
}
