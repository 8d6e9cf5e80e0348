import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { renameValues } from './rename.ts';

/** A branch that reads values from outside, and has one of its own. */
function branch(outer: string): Graph {
  const graph = createGraphBuilder({ name: outer });
  graph.op('Mul', [outer, 'factor'], { output: `own of ${outer}` });
  graph.output(`own of ${outer}`, 'float32', [2]);
  return graph.build().graph;
}

test('values have other names everywhere, also where branches read them', async () => {
  const graph = createGraphBuilder({ name: 'net' });
  graph.input('x', 'float32', [2]);
  graph.initializer('factor', tensor('float32', [], Float32Array.of(3)));
  graph.initializer('yes', tensor('bool', [], Uint8Array.of(1)));
  graph.op('Neg', ['x'], { output: 'minus' });
  graph.op('If', ['yes'], {
    output: 'y',
    attributes: {
      then_branch: { type: 'graph', value: branch('minus') },
      else_branch: { type: 'graph', value: branch('x') },
    },
  });
  graph.output('y', 'float32', [2]);
  const model = graph.build();
  const renamed = { ...model, graph: renameValues(model.graph, (name) => `${name}!`) };
  await using session = await createOnnxRuntime().load(writeModel(renamed));
  const { 'y!': y } = await session.run({ 'x!': tensor('float32', [2], Float32Array.of(1, 2)) });
  assert.deepEqual(y?.data, Float32Array.of(-3, -6));
});
