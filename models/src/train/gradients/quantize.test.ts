import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../../onnx/builder.ts';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { createTape } from '../differentiate.ts';

test('a rounded value is on its grid, and its gradient is that of the real one', async () => {
  const graph = createGraphBuilder({ name: 'straight-through' });
  const x = graph.input('x', 'float32', [4]);
  const factors = graph.input('factors', 'float32', [4]);
  const step = graph.scalar(0.5);
  const zero = graph.constant(tensor('uint8', [], Uint8Array.of(10)));
  const tape = createTape(graph, { dims: () => [4], constant: () => undefined });
  const node = (op: string, input: string, output: string) => ({
    ...{ name: op, op, domain: '', attributes: new Map() },
    ...{ inputs: [input, step, zero], outputs: [output] },
  });
  tape.forward(node('QuantizeLinear', x, 'integers'));
  tape.forward(node('DequantizeLinear', 'integers', 'rounded'));
  const gradient = tape.backward(new Map([['rounded', factors]]), [x]).get(x) ?? '';
  graph.op('Identity', [gradient], { output: 'gradient' });
  for (const name of ['rounded', 'gradient']) graph.output(name, 'float32', [4]);

  await using session = await createOnnxRuntime().load(writeModel(graph.build()));
  const vector = (...values: number[]) => tensor('float32', [4], Float32Array.from(values));
  const results = await session.run({
    x: vector(0.1, 0.3, -0.6, 2),
    factors: vector(1, -2, 3, 4),
  });
  assert.deepEqual([...(results.rounded?.data ?? [])], [0, 0.5, -0.5, 2]);
  assert.deepEqual([...(results.gradient?.data ?? [])], [1, -2, 3, 4]);
});
