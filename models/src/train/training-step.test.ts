import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, int } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { readModel } from '../onnx/read.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { createStateBuffers } from './state-buffers.ts';
import { stepNames } from './step-names.ts';
import { buildTrainingStep, type TrainingPlan } from './training-step.ts';

/** A network exported by PyTorch: two convolutions, Relu, MaxPool, Clip, a global mean and a dense head. */
function torchNet(opset: number): Model {
  const url = new URL(`../../fixtures/onnx/torch-cnn-${opset}.onnx`, import.meta.url);
  return inferShapes(readModel(readFileSync(url)), { x0: [2, 1, 12, 12] });
}

function planFor(model: Model): TrainingPlan {
  const softmax = model.graph.nodes.find(({ op }) => op === 'Softmax');
  const trained = [...model.graph.initializers].filter(([, value]) => isWeight(value.dims));
  return {
    model,
    output: softmax?.inputs[0] ?? '',
    trained: trained.map(([name]) => name),
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'sgd', rate: 0.1, momentum: 0.9 },
  };
}

const isWeight = (dims: readonly number[]): boolean => dims.length === 2 || dims.length === 4;

for (const opset of [13, 17, 18, 21]) {
  test(`a PyTorch network of opset ${opset} learns a batch by heart`, async () => {
    const model = torchNet(opset);
    const step = buildTrainingStep(planFor(model));
    await using session = await createOnnxRuntime().load(writeModel(step.model));
    const random = createRandom(opset);
    const pixels = Float32Array.from({ length: 288 }, () => random.between(-1, 1));
    const parts = step.state.flatMap((pack) => pack.parts);
    const start = parts.map(({ name, dims }) => {
      const weight = model.graph.initializers.get(name) as Tensor | undefined;
      return [
        name,
        weight ?? tensor('float32', dims, new Float32Array(elementCount(dims))),
      ] as const;
    });
    const buffers = createStateBuffers(step.state, Object.fromEntries(start));
    const losses: number[] = [];
    for (let round = 0; round < 60; round++) {
      const feeds = {
        ...buffers.feeds(),
        x0: tensor('float32', [2, 1, 12, 12], pixels),
        [stepNames.targets]: tensor('int32', [2], new Int32Array([3, 8])),
        [stepNames.rate]: tensor('float32', [], new Float32Array([0.1])),
      };
      const results = await session.run(feeds, { into: buffers.targets() });
      losses.push(Number(results[stepNames.loss]?.data[0]));
      buffers.swap();
    }
    const [first = 0, last = 9] = [losses[0], losses.at(-1)];
    assert.ok(last < first / 2, `${losses}`);
  });
}

test('a weight that the loss does not depend on is named', () => {
  const model = torchNet(17);
  const stray = tensor('float32', [2], new Float32Array(2));
  const initializers = new Map([...model.graph.initializers, ['stray', stray]]);
  const plan = { ...planFor(model), model: { ...model, graph: { ...model.graph, initializers } } };
  assert.throws(
    () => buildTrainingStep({ ...plan, trained: [...plan.trained, 'stray'] }),
    (error) => error instanceof FleetError && /does not depend on "stray"/.test(error.reason),
  );
});

test('open sizes are refused with the value they belong to', () => {
  const url = new URL('../../fixtures/onnx/torch-cnn-17.onnx', import.meta.url);
  const open = readModel(readFileSync(url));
  assert.throws(
    () => buildTrainingStep(planFor(open)),
    (error) => error instanceof FleetError && error.code === 'unsupported',
  );
});

test('a weight without numbers has its place in the state', async () => {
  const graph = createGraphBuilder({ name: 'net' });
  graph.input('x', 'float32', [2, 3]);
  graph.initializer('empty', tensor('float32', [2, 0], new Float32Array()));
  graph.initializer('w', tensor('float32', [3, 3], new Float32Array(9).fill(1)));
  const product = graph.op('MatMul', ['x', 'w']);
  graph.op('Concat', ['empty', product], { output: 'y', attributes: { axis: int(1) } });
  graph.output('y', 'float32', [2, 3]);
  const { model, state } = buildTrainingStep({
    ...{ model: inferShapes(graph.build()), output: 'y', trained: ['empty', 'w'] },
    ...{ loss: 'softmax-cross-entropy', optimizer: { kind: 'sgd', rate: 0.1 } },
  });
  assert.deepEqual(
    state.flatMap(({ parts }) => parts),
    [
      { name: 'empty', dims: [2, 0], offset: 0 },
      { name: 'w', dims: [3, 3], offset: 0 },
    ],
  );
  await using session = await createOnnxRuntime().load(writeModel(model));
  assert.equal(session.inputs.length, 4);
});
