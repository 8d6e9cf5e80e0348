import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import type { LabelledData } from '../batches.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { evaluate } from '../evaluate.ts';
import { buildNetwork } from '../network.ts';
import { barsByHalf, barsByHalfRecipe } from '../testing/bars.ts';
import { train } from '../train.ts';
import { fakeQuantize } from './fake-quantize.ts';
import { planFakeQuantization } from './plan.ts';
import { type TrainQuantizedOptions, trainQuantized } from './train-quantized.ts';

const runtime = createOnnxRuntime();
const grid = { activations: 'u8', perChannel: true, reduceRange: false } as const;

/** Trained once for all tests. */
const float = await train({ recipe: barsByHalfRecipe(), data: barsByHalf(600, 1), runtime });

/** A bias is rounded to input scale times weight scale, which is coarse for two bits. */
const stepsApart = { 8: 1, 4: 1, 3: 1, 2: 2 } as const;

for (const weightBits of [8, 4, 3, 2] as const) {
  const most = stepsApart[weightBits];
  test(`W${weightBits}A8 computes what its training computed, within ${most} output steps`, async () => {
    const quantization = { weightBits, epochs: 1 };
    const trained = await trainQuantized(options({ quantization }));
    const plan = planFakeQuantization(trained.prepared, trained.ranges, quantization);
    const truth = await logits(fakeQuantize(trained.model, plan));
    const answer = await logits(trained.quantized);
    const step = plan.activations.get('logits')?.scale ?? 0;
    assert.ok(step > 0);
    truth.forEach((value, at) => {
      assert.ok(
        Math.abs(value - (answer[at] ?? NaN)) <= 1.001 * most * step,
        `${value} ${answer[at]}`,
      );
    });
  });
}

test('two bits cost the float network its skill, and training gives it back', async () => {
  const validation = barsByHalf(300, 2);
  const quantization = { weightBits: 2, epochs: 4, rate: 0.01 } as const;
  const trained = await trainQuantized(options({ quantization }));
  const ranges = trained.ranges;
  const before = await trainQuantized(options({ quantization: { ...quantization, rate: 1e-12 } }));
  const rounded = quantize(before.prepared, ranges, { ...grid, weightBits: 2 }).model;
  const [lost, regained] = [
    await evaluate(rounded, validation, { runtime }),
    await evaluate(trained.quantized, validation, { runtime }),
  ];
  assert.ok(lost.accuracy < 0.9, `${lost.accuracy}`);
  assert.ok(regained.accuracy > 0.95, `${regained.accuracy}`);
});

test('weights are on the narrow grid, and the same ranges give an s8 model', async () => {
  const trained = await trainQuantized(options({}));
  const integers = [...trained.quantized.graph.initializers.values()].filter(
    ({ dtype, dims }) => dtype === 'int8' && dims.length > 1,
  );
  assert.equal(integers.length, 4);
  for (const { data } of integers) {
    const numbers = Array.from(data as Int8Array);
    assert.deepEqual([Math.min(...numbers), Math.max(...numbers)].map(Math.abs).toSorted(), [3, 3]);
  }
  const { model } = quantize(trained.prepared, trained.ranges, {
    ...grid,
    ...{ activations: 's8', weightBits: 3 },
  });
  const validation = barsByHalf(300, 2);
  const [u8, s8] = [
    await evaluate(trained.quantized, validation, { runtime }),
    await evaluate(model, validation, { runtime }),
  ];
  assert.ok(Math.abs(u8.accuracy - s8.accuracy) <= 0.01);
});

test('a quantized training that is interrupted ends at the same bytes', async () => {
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  const whole = await trainQuantized(options({ checkpoint: { everySteps: 9, save } }));
  const resume = decodeCheckpoint(saved[0] ?? new Uint8Array());
  const initial = buildNetwork(barsByHalfRecipe(), new Map(Object.entries(resume.float ?? {})), {
    ...{ mode: 'inference', batch: 'N' },
  });
  assert.deepEqual(writeModel(initial), writeModel(float.model));
  const resumed = await trainQuantized(options({ resume, initial }));
  assert.deepEqual(writeModel(resumed.quantized), writeModel(whole.quantized));
});

test('samples in order of their labels give the same ranges as shuffled ones', async () => {
  const { inputs, labels } = barsByHalf(1200, 1);
  const order = [...labels.keys()].sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
  const sorted = {
    labels: labels.map((_, at) => labels[order[at] ?? 0] ?? 0),
    inputs: { ...inputs, data: new Uint8Array(inputs.data.length) },
  };
  for (const [at, from] of order.entries()) {
    const sample = inputs.data.subarray(from * 64, (from + 1) * 64) as Uint8Array;
    sorted.inputs.data.set(sample, at * 64);
  }
  const still = { quantization: { weightBits: 8, epochs: 1, rate: 1e-12 } } as const;
  const [mixed, ordered] = [
    await trainQuantized(options({ ...still, data: { inputs, labels } })),
    await trainQuantized(options({ ...still, data: sorted as LabelledData })),
  ];
  const highest = ({ ranges }: typeof mixed) => ranges.get('logits')?.max ?? 0;
  assert.ok(highest(ordered) > 0.9 * highest(mixed), `${highest(ordered)} ${highest(mixed)}`);
  const lowest = ({ ranges }: typeof mixed) => ranges.get('logits')?.min ?? 0;
  assert.ok(lowest(ordered) < 0.9 * lowest(mixed));
});

async function logits(model: Model): Promise<Float32Array> {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  const results = await session.run({ input: barsByHalf(64, 7).inputs }, { outputs: ['logits'] });
  return results.logits?.data as Float32Array;
}

function options(changes: Partial<TrainQuantizedOptions>): TrainQuantizedOptions {
  const quantization = { weightBits: 3, epochs: 1 } as const;
  const { model: initial } = float;
  return {
    recipe: barsByHalfRecipe(),
    data: barsByHalf(600, 1),
    runtime,
    initial,
    quantization,
    ...changes,
  };
}
