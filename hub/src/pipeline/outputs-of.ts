import type { Runtime } from '@edgewise/models/runtime';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import { modelNames } from '@edgewise/models/train';
import type { Samples } from '../datasets/samples.ts';

/** Inputs per run. */
const batch = 250;

/** What a graph gives for samples: the wanted float outputs, each as [samples, values]. */
export async function outputsOf<N extends string>(
  graph: Uint8Array,
  { inputs, labels }: Samples,
  options: {
    readonly outputs: readonly N[];
    readonly runtime: Runtime;
    readonly shape: readonly number[];
    readonly optimise: 'none' | 'all';
    readonly signal: AbortSignal;
  },
): Promise<Readonly<Record<N, Tensor<'float32'>>>> {
  const { outputs, runtime, shape, optimise, signal } = options;
  await using session = await runtime.load(graph, { optimise, signal });
  const gathered = new Map(outputs.map((name) => [name, [] as Float32Array[]]));
  const size = inputs.data.length / Math.max(1, labels.length);
  for (let start = 0; start < labels.length; start += batch) {
    const count = Math.min(batch, labels.length - start);
    const data = (inputs.data as Uint8Array).subarray(start * size, (start + count) * size);
    const feed = { dtype: inputs.dtype, dims: [count, ...shape], data } as Tensor;
    const results = await session.run({ [modelNames.input]: feed }, { outputs, signal });
    for (const [name, parts] of gathered) parts.push(results[name]?.data as Float32Array);
  }
  return Object.fromEntries(
    [...gathered].map(([name, parts]) => [name, matrixOf(parts, labels.length)]),
  ) as Record<N, Tensor<'float32'>>;
}

function matrixOf(parts: readonly Float32Array[], rows: number): Tensor<'float32'> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const data = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return tensor('float32', [rows, rows === 0 ? 0 : length / rows], data);
}
