import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { eachRun } from '../../shrink/quantize/slices.ts';
import { quantizedWeightsOf } from '../../shrink/quantized-weights.ts';
import { roundWeights } from '../../shrink/round-weights.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { evaluate } from '../evaluate.ts';
import { fineTune } from '../fine-tune/fine-tune.ts';
import { completeTuneRecipe } from '../fine-tune/model-recipe.ts';
import { readTuneRecipe } from '../fine-tune/tune-recipe.ts';
import { networkFor } from '../network-for.ts';
import { fakeQuantize } from './fake-quantize.ts';
import { planFakeQuantization } from './plan.ts';
import { trainQuantized } from './train-quantized.ts';

const runtime = createOnnxRuntime();

/** What PyTorch exported, attention and all, with a linear layer over each of its five places. */
const base = withHead(
  readModel(
    readFileSync(
      new URL('../../../fixtures/onnx/imports/torch-transformer-17.onnx', import.meta.url),
    ),
  ),
);

const recipe = completeTuneRecipe(
  readTuneRecipe({
    ...{ name: 'places', task: 'classification', loss: 'softmax-cross-entropy' },
    base: { model: 'net.onnx', classes: 3 },
    input: { shape: [5, 16], layout: 'chw', dtype: 'uint8', scale: 1 / 64, offset: -2 },
    ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'cosine' } },
    ...{ epochs: 6, batchSize: 20, seed: 2, quantization: { weightBits: 4, epochs: 2 } },
  }),
  base,
);
const data = series(600, 1);
const validation = series(400, 2);
const { model: initial } = await fineTune({ recipe, base, data, runtime });
const options = { recipe, base, data, validation, runtime, initial };

for (const weightBits of [4, 3] as const) {
  const quantization = { weightBits, epochs: 2 } as const;
  const greatest = 2 ** (weightBits - 1) - 1;

  test(`a transformer with ${weightBits}-bit weights is what its training computed, and as good as it said`, async () => {
    const trained = await trainQuantized({ ...options, quantization });
    const said = trained.history.at(-1)?.validation?.accuracy ?? 0;
    // Training leaves the scores in float, so that one sample in 400 may fall to the other side.
    const { accuracy } = await evaluate(trained.quantized, validation, { runtime });
    assert.ok(said > 0.93 && Math.abs(accuracy - said) < 0.005, `${said} ${accuracy}`);

    const plan = planFakeQuantization(trained.prepared, trained.ranges, quantization);
    const truth = await logits(fakeQuantize(trained.model, plan));
    const answer = await logits(trained.quantized);
    const most = 1.001 * (plan.activations.get('logits')?.scale ?? 0);
    truth.forEach((value, at) => {
      assert.ok(Math.abs(value - (answer[at] ?? NaN)) <= most, `${value} ${answer[at]}`);
    });
  });

  test(`each column of its matrices uses all of the ${weightBits}-bit grid, also in float`, async () => {
    const { quantized, prepared } = await trainQuantized({ ...options, quantization });
    const weights = quantizedWeightsOf(quantized.graph);
    assert.deepEqual(
      weights.map(({ node, axis }) => `${node.op} ${axis}`),
      [...Array<string>(6).fill('MatMul 1'), 'Gemm 0'],
    );
    const { initializers } = roundWeights(prepared, quantized).graph;
    for (const { name, integers, scales, axis } of weights) {
      const { dims, data } = initializers.get(name) as Tensor<'float32'>;
      const largest = scales.map(() => 0);
      eachRun(dims, axis, (slice, from, to) => {
        for (let at = from; at < to; at++) {
          const integer = integers.data[at] ?? Number.NaN;
          largest[slice] = Math.max(largest[slice] ?? 0, Math.abs(integer));
          assert.equal(data[at], Math.fround(integer * (scales[slice] ?? 0)));
        }
      });
      assert.deepEqual(
        largest,
        scales.map(() => greatest),
        name,
      );
    }
  });
}

test('a transformer that is trained for few bits ends at the same bytes, interrupted or not', async () => {
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  const given = { ...options, quantization: { weightBits: 4, epochs: 1 } } as const;
  const whole = await trainQuantized({ ...given, checkpoint: { everySteps: 9, save } });
  const resume = decodeCheckpoint(saved[0] ?? new Uint8Array());
  const float = networkFor(recipe, base).finish(new Map(Object.entries(resume.float ?? {})));
  const resumed = await trainQuantized({ ...given, resume, initial: float });
  assert.deepEqual(writeModel(resumed.quantized), writeModel(whole.quantized));
});

async function logits(model: Model): Promise<Float32Array> {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  const results = await session.run({ input: validation.inputs }, { outputs: ['logits'] });
  return results.logits?.data as Float32Array;
}

function withHead(model: Model): Model {
  const random = createRandom(4);
  const weight = Float32Array.from({ length: 64 }, () => random.normal() / 4);
  const g = createGraphBuilder({ name: 'head', opset: 17 });
  g.input('y', 'float32', ['batch', 5, 16]);
  g.op('MatMul', ['y', g.initializer('scores.weight', tensor('float32', [16, 4], weight))], {
    output: 'scores',
  });
  g.output('scores', 'float32', ['batch', 5, 4]);
  const { nodes, initializers, outputs } = g.build().graph;
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      outputs,
      nodes: [...graph.nodes, ...nodes],
      initializers: new Map([...graph.initializers, ...initializers]),
    },
  };
}

/** Noise, and at two of the five places one of three waves along the channels. */
function series(count: number, seed: number) {
  const random = createRandom(seed);
  const labels = Int32Array.from({ length: count }, () => random.below(3));
  const bytes = Uint8Array.from({ length: count * 80 }, () => 64 + random.below(128));
  for (const [at, label] of labels.entries()) {
    for (const place of [random.below(3), 3 + random.below(2)]) {
      for (let channel = 0; channel < 16; channel++) {
        const wave = 27 * Math.sin((label + 2) * channel);
        bytes[at * 80 + place * 16 + channel] = 88 + wave + random.below(80);
      }
    }
  }
  return { inputs: tensor('uint8', [count, 5, 16], bytes), labels };
}
