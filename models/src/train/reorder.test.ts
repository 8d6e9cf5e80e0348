import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, ints } from '../onnx/builder.ts';
import type { Node } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { poolBeforeActivation } from './reorder.ts';

const window = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };

function netWith(options: { readonly secondReader: boolean }) {
  const graph = createGraphBuilder({ name: 'net' });
  graph.input('x', 'float32', [1, 2, 4, 4]);
  const active = graph.op('Clip', ['x', graph.scalar(-0.2), graph.scalar(0.3)]);
  graph.op('MaxPool', [active], { output: 'pooled', attributes: window });
  graph.op('Relu', ['pooled'], { output: 'y' });
  graph.output('y', 'float32', [1, 2, 2, 2]);
  if (options.secondReader) graph.output(active, 'float32', [1, 2, 4, 4]);
  return graph.build();
}

test('a pool moves before its activation and the answer stays', async () => {
  const model = netWith({ secondReader: false });
  const graph = poolBeforeActivation(model.graph);
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ['MaxPool', 'Clip', 'Relu'],
  );
  const random = createRandom(1);
  const data = Float32Array.from({ length: 32 }, () => random.between(-1, 1));
  const answers = [model, { ...model, graph }].map(async (one) => {
    await using session = await createOnnxRuntime().load(writeModel(one));
    return (await session.run({ x: tensor('float32', [1, 2, 4, 4], data) })).y?.data;
  });
  const [plain, reordered] = await Promise.all(answers);
  assert.deepEqual(reordered, plain);
});

test('an activation that something else reads stays where it is', () => {
  const { graph } = netWith({ secondReader: true });
  assert.deepEqual(poolBeforeActivation(graph).nodes, graph.nodes);
});

test('an activation that a branch of an If reads stays where it is', () => {
  const { graph } = netWith({ secondReader: false });
  const branch = createGraphBuilder({ name: 'branch' });
  branch.op('Neg', [graph.nodes[0]?.outputs[0] ?? ''], { output: 'negated' });
  branch.output('negated', 'float32', [1, 2, 4, 4]);
  const inner = { type: 'graph', value: branch.build().graph } as const;
  const choice: Node = {
    ...{ name: 'choice', op: 'If', domain: '', inputs: ['which'], outputs: ['chosen'] },
    attributes: new Map([
      ['then_branch', inner],
      ['else_branch', inner],
    ]),
  };
  const nodes = [...graph.nodes, choice];
  assert.deepEqual(poolBeforeActivation({ ...graph, nodes }).nodes, nodes);
});
