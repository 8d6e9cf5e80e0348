import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, ints } from '../../onnx/builder.ts';
import { dimsOf, inferShapes } from '../../onnx/shapes/infer.ts';
import { createTape } from '../differentiate.ts';

/** Operators of the weights' gradient of a 3 x 3 convolution over a batch of square images. */
function operators(batch: number, channels: number, side: number): readonly string[] {
  const forward = createGraphBuilder({ name: 'net' });
  forward.input('x', 'float32', [batch, channels, side, side]);
  forward.input('w', 'float32', [8, channels, 3, 3]);
  const attributes = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };
  forward.op('Conv', ['x', 'w'], { output: 'y', attributes });
  forward.output('y', 'float32', [batch, 8, side, side]);
  const { graph: inferred } = inferShapes(forward.build());
  const graph = createGraphBuilder({ name: 'gradient' });
  const dims = (name: string) => dimsOf(inferred, name);
  const tape = createTape(graph, { dims, constant: () => undefined });
  for (const node of inferred.nodes) tape.forward(node);
  tape.backward(new Map([['y', 'y']]), ['w']);
  return graph.build().graph.nodes.map(({ op }) => op);
}

test('what windows see of large images is not gathered at once, for it would fill the memory', () => {
  assert.ok(operators(64, 16, 13).includes('Gather'));
  assert.ok(!operators(8, 64, 56).includes('Gather'));
  assert.ok(!operators(64, 15, 13).includes('Gather'));
});
