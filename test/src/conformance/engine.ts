import type { Initializer } from '@edgewise/models/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ExpectedRun } from './operator-cases.ts';

/** What ONNX Runtime made of a model: its outputs in order, or that it does not run it. */
export type Outcome =
  | { readonly ran: true; readonly outputs: readonly (Tensor | undefined)[] }
  | { readonly ran: false; readonly reason: string };

/** Runs a model as it is written, without fusions, on the inputs of a case. */
export async function runEngine(bytes: Uint8Array, run: ExpectedRun): Promise<Outcome> {
  let session: InferenceSession | undefined;
  try {
    session = await InferenceSession.create(bytes, {
      graphOptimizationLevel: 'disabled',
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const feeds: Record<string, Tensor> = {};
    for (const [name, value] of run.inputs) feeds[name] = engineTensor(value);
    const results = await session.run(feeds);
    return { ran: true, outputs: session.outputNames.map((name) => results[name] as Tensor) };
  } catch (thrown) {
    return { ran: false, reason: (thrown as Error).message };
  } finally {
    await session?.release();
  }
}

function engineTensor(value: Initializer | undefined): Tensor {
  if (value === undefined) throw new Error('The engine takes tensors only.');
  const { dtype, dims, data } = value;
  if (Array.isArray(data)) {
    const texts = data.map((bytes) => new TextDecoder().decode(bytes));
    return new Tensor('string', texts, dims);
  }
  const numbers = dtype === 'float16' ? new Uint16Array((data as Uint8Array).slice().buffer) : data;
  return new Tensor(dtype as 'float32', numbers as Float32Array, dims);
}
