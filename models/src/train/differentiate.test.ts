import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import { dimsOf, inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { createTape } from './differentiate.ts';

const vector = (...values: number[]) =>
  tensor('float32', [values.length], Float32Array.from(values));

/** Writes a graph, and the gradient of the sum of `y` by `x` as output `g`. */
function gradientOf(write: (graph: ReturnType<typeof createGraphBuilder>) => void) {
  const plain = createGraphBuilder({ name: 'plain' });
  plain.input('x', 'float32', [3]);
  write(plain);
  plain.output('y', 'float32', [3]);
  const { graph: forward } = inferShapes(plain.build());
  const graph = createGraphBuilder({ name: 'gradient' });
  graph.input('x', 'float32', [3]);
  for (const [name, value] of forward.initializers) graph.initializer(name, value);
  const tape = createTape(graph, {
    dims: (name) => dimsOf(forward, name),
    constant: () => undefined,
  });
  for (const node of forward.nodes) tape.forward(node);
  const seed = graph.constant(vector(1, 1, 1));
  const gradient = tape.backward(new Map([['y', seed]]), ['x', 'elsewhere']);
  assert.equal(gradient.has('elsewhere'), false);
  graph.op('Identity', [gradient.get('x') ?? ''], { output: 'g' });
  graph.output('g', 'float32', [3]);
  return graph.build();
}

test('contributions of all paths to a value add up', async () => {
  const model = gradientOf((graph) => {
    // y = x^2 + x exp(x), so dy/dx = 2 x + (1 + x) exp(x)
    const square = graph.op('Mul', ['x', 'x']);
    const product = graph.op('Mul', ['x', graph.op('Exp', ['x'])]);
    graph.op('Add', [square, product], { output: 'y' });
  });
  await using session = await createOnnxRuntime().load(writeModel(model));
  const { g } = await session.run({ x: vector(0, 1, -1) });
  const expected = [1, 2 + 2 * Math.E, -2];
  for (const [at, value] of expected.entries()) {
    assert.ok(Math.abs(value - Number(g?.data[at])) < 1e-5);
  }
});

test('an operator without a rule is named when a gradient has to pass it', () => {
  const write = (graph: ReturnType<typeof createGraphBuilder>) =>
    graph.op('Asinh', ['x'], { output: 'y' });
  assert.throws(
    () => gradientOf(write),
    (error) =>
      error instanceof FleetError &&
      error.code === 'unsupported' &&
      /no gradient rule for Asinh/.test(error.reason),
  );
});

test('an operator without a rule is harmless beside the way', () => {
  gradientOf((graph) => {
    const beside = graph.op('Asinh', [graph.constant(vector(1, 2, 3))]);
    graph.op('Mul', ['x', beside], { output: 'y' });
  });
});

test('sizes, places and truth values of what is trained pass no gradient', async () => {
  const model = gradientOf((graph) => {
    const float = { attributes: { to: { type: 'int', value: 1n } } } as const;
    const count = graph.op('Cast', [graph.op('Shape', ['x'])], float);
    const isUp = graph.op('Cast', [graph.op('Greater', ['x', graph.scalar(0)])], float);
    const share = graph.op('Div', [graph.op('Mul', ['x', isUp]), count]);
    graph.op('Add', [share, graph.op('Floor', ['x'])], { output: 'y' });
  });
  await using session = await createOnnxRuntime().load(writeModel(model));
  const { g } = await session.run({ x: vector(0.5, -1, 2) });
  assert.deepEqual(Array.from(g?.data as Float32Array), [1 / 3, 0, 1 / 3].map(Math.fround));
});

test('a branch that reads what is trained is named, beside a way that has rules', () => {
  const branch = (op: string): Graph => {
    const inner = createGraphBuilder({ name: op });
    inner.output(inner.op(op, ['x']), 'float32', [3]);
    return inner.build().graph;
  };
  const write = (graph: ReturnType<typeof createGraphBuilder>) => {
    const attributes = {
      then_branch: { type: 'graph', value: branch('Neg') },
      else_branch: { type: 'graph', value: branch('Exp') },
    } as const;
    const isOn = graph.initializer('on', tensor('bool', [], new Uint8Array([1])));
    graph.op('Add', ['x', graph.op('If', [isOn], { attributes })], { output: 'y' });
  };
  assert.throws(
    () => gradientOf(write),
    (error) => error instanceof FleetError && /no gradient rule for If/.test(error.reason),
  );
});
