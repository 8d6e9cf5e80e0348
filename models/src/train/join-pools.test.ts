import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int, ints } from '../onnx/builder.ts';
import type { Attribute, Graph } from '../onnx/graph.ts';
import { dimsOf, inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { createTape } from './differentiate.ts';
import { joinPools } from './join-pools.ts';

/** A convolution with a pool behind it. */
interface Case {
  readonly name: string;
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly pool: readonly number[];
  readonly convolution?: Readonly<Record<string, Attribute>>;
  readonly bias?: false;
}

const same = { pads: ints([1, 1, 1, 1]) };
const cases: readonly Case[] = [
  {
    name: 'same padding',
    input: [3, 1, 6, 8],
    weight: [4, 1, 3, 3],
    pool: [2, 2],
    convolution: same,
  },
  {
    name: 'four channels, no bias',
    input: [2, 4, 4, 4],
    weight: [3, 4, 3, 3],
    pool: [2, 2],
    bias: false,
  },
  { name: 'cells that no pool sees', input: [2, 2, 8, 9], weight: [3, 2, 2, 3], pool: [2, 3] },
  {
    name: 'stride that leaves a rest, one-sided padding',
    ...{ input: [2, 1, 10, 12], weight: [2, 1, 3, 3], pool: [2, 2] },
    convolution: { strides: ints([2, 2]), pads: ints([0, 1, 1, 0]) },
  },
  {
    name: 'dilation',
    ...{ input: [2, 2, 8, 8], weight: [3, 2, 3, 2], pool: [2, 1] },
    convolution: { dilations: ints([2, 3]) },
  },
  {
    name: 'one spatial axis',
    input: [2, 3, 12],
    weight: [4, 3, 5],
    pool: [4],
    convolution: { pads: ints([2, 2]) },
  },
  { name: 'a pool of everything', input: [2, 1, 3, 3], weight: [2, 1, 2, 2], pool: [2, 2] },
  { name: 'a pool of single cells', input: [2, 1, 3, 3], weight: [2, 1, 2, 2], pool: [1, 1] },
];

function forwardOf({ input, weight, pool, convolution = {}, bias }: Case): Graph {
  const graph = createGraphBuilder({ name: 'net' });
  graph.input('x', 'float32', input);
  graph.input('w', 'float32', weight);
  if (bias !== false) graph.input('b', 'float32', [weight[0] ?? 0]);
  const inputs = ['x', 'w', ...(bias === false ? [] : ['b'])];
  const between = graph.op('Conv', inputs, { attributes: convolution });
  const window = { kernel_shape: ints(pool), strides: ints(pool) };
  graph.op('MaxPool', [between], { output: 'y', attributes: window });
  graph.output('y', 'float32', []);
  const model = graph.build();
  const outputs = [{ name: 'y', dtype: undefined, dims: undefined }];
  return inferShapes({ ...model, graph: { ...model.graph, outputs } }).graph;
}

/** Runs a graph with its gradients by every input, of a sum with weights that differ. */
async function answersOf(forward: Graph, feeds: Readonly<Record<string, Tensor>>) {
  const graph = createGraphBuilder({ name: 'gradient' });
  const dims = (name: string) => dimsOf(forward, name);
  const names = forward.inputs.map(({ name }) => name);
  for (const name of names) graph.input(name, 'float32', dims(name));
  for (const [name, value] of forward.initializers) graph.initializer(name, value);
  const tape = createTape(graph, { dims, constant: () => undefined });
  for (const node of forward.nodes) tape.forward(node);
  const data = Float32Array.from({ length: elementCount(dims('y')) }, (_, at) =>
    Math.cos(at + 0.5),
  );
  const seed = graph.constant(tensor('float32', dims('y'), data));
  const gradients = tape.backward(new Map([['y', seed]]), names);
  graph.output('y', 'float32', dims('y'));
  for (const name of names) {
    graph.op('Identity', [gradients.get(name) ?? ''], { output: `by ${name}` });
    graph.output(`by ${name}`, 'float32', dims(name));
  }
  await using session = await createOnnxRuntime().load(writeModel(graph.build()));
  return await session.run(feeds);
}

/** Numbers between -1 and 1; those of the input are zero in its second half, like an image's margin. */
function feedsOf({ inputs }: Graph): Readonly<Record<string, Tensor>> {
  const random = createRandom(3);
  const feeds = inputs.map(({ name, dims }) => {
    const sizes = dims as readonly number[];
    const data = Float32Array.from({ length: elementCount(sizes) }, () => random.between(-1, 1));
    if (name === 'x') data.fill(0, data.length / 2);
    return [name, tensor('float32', sizes, data)] as const;
  });
  return Object.fromEntries(feeds);
}

for (const one of cases) {
  test(`${one.name}: joined or apart, the answers and gradients are the same`, async () => {
    const forward = forwardOf(one);
    const together = joinPools(forward);
    assert.deepEqual(
      together.nodes.map(({ op }) => op),
      ['PooledConv'],
    );
    const feeds = feedsOf(forward);
    const expected = await answersOf(forward, feeds);
    const answers = await answersOf(together, feeds);
    for (const [name, { dims, data }] of Object.entries(expected)) {
      assert.deepEqual(answers[name]?.dims, dims);
      for (const [at, number] of data.entries()) {
        const found = Number(answers[name]?.data[at]);
        const isSame = Math.abs(found - Number(number)) < 1e-5;
        assert.ok(isSame, `${name}, element ${at}: ${found}, apart ${number}`);
      }
    }
  });
}

test('what something else reads, groups, many channels, large pools, pools that overlap and operators of others stay apart', () => {
  const apart = (change: (graph: Graph) => Graph, one: Partial<Case> = {}) => {
    const graph = change(forwardOf({ ...(cases[0] as Case), ...one }));
    assert.deepEqual(joinPools(graph).nodes, graph.nodes);
  };
  apart((graph) => {
    const [convolution] = graph.nodes;
    const name = convolution?.outputs[0] ?? '';
    return { ...graph, outputs: [...graph.outputs, { name, dtype: 'float32', dims: undefined }] };
  });
  apart((graph) => graph, {
    ...{ input: [1, 2, 4, 4], weight: [2, 1, 3, 3] },
    convolution: { ...same, group: int(2) },
  });
  apart((graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) => (node.op === 'Conv' ? { ...node, domain: 'other' } : node)),
  }));
  apart((graph) => graph, { input: [1, 5, 4, 4], weight: [2, 5, 3, 3] });
  apart((graph) => graph, { input: [1, 1, 8, 8], weight: [2, 1, 3, 3], pool: [4, 4] });
  apart((graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op === 'MaxPool'
        ? { ...node, attributes: new Map([...node.attributes, ['strides', ints([1, 1])]]) }
        : node,
    ),
  }));
});
