import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { elementCount } from '../tensor/tensor.ts';
import type { LabelledData } from './batches.ts';
import { modelNames } from './network.ts';

/** How well a model classifies labelled data. */
export interface Evaluation {
  /** Share of samples whose most probable class is their label, 0 to 1. */
  readonly accuracy: number;
  /** Mean of -log(probability of the label), in nats. */
  readonly loss: number;
}

/** Samples per run: enough to keep the engine busy, few enough to stay in its caches. */
const batchSize = 250;

/**
 * Runs a trained model (input `input`, output `logits`) over labelled data. Throws
 * `insufficient-data` when there is none, and `invalid-argument` for a model whose loss is no number.
 */
export async function evaluate(
  model: Model,
  data: LabelledData,
  options: { readonly runtime: Runtime; readonly threads?: number; readonly signal?: AbortSignal },
): Promise<Evaluation> {
  const { runtime, threads = 1, signal } = options;
  if (data.labels.length === 0) {
    throw new FleetError('insufficient-data', 'There is nothing to evaluate the model on.');
  }
  await using session = await runtime.load(writeModel(model), { threads, ...given(signal) });
  const shape = (model.graph.inputs[0]?.dims ?? []).slice(1) as number[];
  const size = elementCount(shape);
  let correct = 0;
  let loss = 0;
  for (let start = 0; start < data.labels.length; start += batchSize) {
    const labels = data.labels.subarray(start, start + batchSize);
    const numbers = data.inputs.data.subarray(start * size, (start + labels.length) * size);
    const input = { ...data.inputs, dims: [labels.length, ...shape], data: numbers as Uint8Array };
    const { [modelNames.logits]: logits } = await session.run(
      { [modelNames.input]: input },
      { outputs: [modelNames.logits], ...given(signal) },
    );
    const score = scoreRows(logits?.data as Float32Array, labels);
    correct += score.correct;
    loss += score.loss;
  }
  const count = data.labels.length;
  assertNumber(loss);
  return { accuracy: correct / count, loss: loss / count };
}

/** The last step of a training can break its weights where no loss of a step has told. */
function assertNumber(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new FleetError(
    'invalid-argument',
    `The loss of the model is ${loss} on the data that judges it: its training diverged. Lower the optimizer's rate, or add warm-up steps.`,
  );
}

const given = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

function scoreRows(logits: Float32Array, labels: Int32Array): { correct: number; loss: number } {
  const classes = logits.length / labels.length;
  let correct = 0;
  let loss = 0;
  for (const [row, label] of labels.entries()) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const highest = scores.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    loss += Math.log(total) - ((scores[label] ?? 0) - highest);
    if (scores.indexOf(highest) === label) correct++;
  }
  return { correct, loss };
}
