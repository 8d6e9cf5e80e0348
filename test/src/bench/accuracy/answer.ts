import { type Model, writeModel } from '@edgewise/models/onnx';
import { optimiseFor } from '@edgewise/models/plan';
import type { Runtime } from '@edgewise/models/runtime';
import { detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { type LabelledData, modelNames } from '@edgewise/models/train';

const batch = 250;

/** Whether a model answers each image right, 0 or 1; int8 is computed without saturation. */
export async function answer(
  model: Model,
  { inputs, labels }: LabelledData,
  runtime: Runtime,
): Promise<Uint8Array> {
  const optimise = optimiseFor('u8s8', detectDeviceClass());
  await using session = await runtime.load(writeModel(model), { optimise });
  const [, ...shape] = inputs.dims;
  const size = inputs.data.length / labels.length;
  const right = new Uint8Array(labels.length);
  for (let start = 0; start < labels.length; start += batch) {
    const count = Math.min(batch, labels.length - start);
    const data = inputs.data.subarray(start * size, (start + count) * size) as Uint8Array;
    const feeds = {
      [modelNames.input]: { dtype: 'uint8', dims: [count, ...shape], data },
    } as const;
    const { logits } = await session.run(feeds, { outputs: [modelNames.logits] });
    const scores = logits?.data as Float32Array;
    const classes = scores.length / count;
    for (let row = 0; row < count; row++) {
      const own = scores.subarray(row * classes, (row + 1) * classes);
      const top = own.indexOf(own.reduce((most, score) => Math.max(most, score), -Infinity));
      right[start + row] = Number(top === labels[start + row]);
    }
  }
  return right;
}
