import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGraphBuilder, type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom, type Random } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { equalize } from './equalize.ts';

const runtime = createOnnxRuntime();

/** Layers in a random order, each with weights whose channels differ by orders of magnitude. */
const layerKinds = ['conv', 'pointwise', 'depthwise', 'grouped', 'transposed'] as const;
const between = ['Relu', 'LeakyRelu', 'Sigmoid', 'MaxPool', 'Clip', 'none'] as const;

test('outputs stay the same for any chain of layers', async () => {
  const chain = fc.array(fc.tuple(fc.constantFrom(...layerKinds), fc.constantFrom(...between)), {
    minLength: 1,
    maxLength: 5,
  });
  const property = fc.asyncProperty(chain, fc.nat(1000), async (layers, seed) => {
    const model = network(layers, seed);
    const [truth, answer] = [await run(model), await run(equalize(model))];
    const size = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const [at, value] of truth.entries()) {
      assert.ok(Math.abs(value - (answer[at] ?? NaN)) <= 1e-5 * size, `${value} ${answer[at]}`);
    }
  });
  await fc.assert(property, { numRuns: 60, seed: 4 });
});

test('a depthwise chain ends with equal ranges on both sides of every channel', () => {
  const model = network(
    [
      ['conv', 'Relu'],
      ['depthwise', 'Relu'],
      ['pointwise', 'none'],
    ],
    1,
  );
  assert.ok(imbalance(model) > 3);
  assert.ok(imbalance(equalize(model)) < 1.001, `${imbalance(equalize(model))}`);
});

test('a Clip keeps its layers apart unless it may become a Relu', () => {
  const model = network(
    [
      ['conv', 'Clip'],
      ['depthwise', 'none'],
    ],
    1,
  );
  assert.deepEqual(equalize(model).graph.initializers.get('w0'), weightOf(model, 'w0'));
  const opened = equalize(model, { clip: 'relu' });
  assert.notDeepEqual(weightOf(opened, 'w0'), weightOf(model, 'w0'));
  assert.ok(opened.graph.nodes.every(({ op }) => op !== 'Clip'));
});

test('a value that is read twice, or from outside, keeps its scale', () => {
  for (const also of ['reader', 'output'] as const) {
    const g = createGraphBuilder({ name: 'g' });
    const random = createRandom(3);
    const x = g.input('x', 'float32', [1, 4, 6, 6]);
    const inner = g.op('Relu', [layer(g, 'conv', { input: x, index: 0, random })]);
    const y = layer(g, 'conv', { input: inner, index: 1, random });
    g.output(y, 'float32', [1, 4, 6, 6]);
    g.output(also === 'output' ? inner : g.op('Neg', [inner]), 'float32', [1, 4, 6, 6]);
    const model = g.build();
    assert.deepEqual(weightOf(equalize(model), 'w0'), weightOf(model, 'w0'));
  }
});

test('a channel that is zero keeps its other side as it is', async () => {
  const model = network(
    [
      ['conv', 'Relu'],
      ['conv', 'none'],
    ],
    1,
  );
  weightOf(model, 'w0').data.fill(0, 0, 36);
  const answer = equalize(model);
  for (const [, value] of answer.graph.initializers) {
    assert.ok((value.data as Float32Array).every((number) => Number.isFinite(Number(number))));
  }
  assert.equal((await run(answer)).length, (await run(model)).length);
});

/** Over all channels between two layers, the largest ratio of the ranges on both sides. */
function imbalance(model: Model): number {
  const rangeOf = (name: string, channelAt: (at: number) => number): Float64Array => {
    const range = new Float64Array(4);
    weightOf(model, name).data.forEach((value, at) => {
      const c = channelAt(at);
      range[c] = Math.max(range[c] ?? 0, Math.abs(value));
    });
    return range;
  };
  const out = rangeOf('w0', (at) => Math.floor(at / 36));
  const middle = rangeOf('w1', (at) => Math.floor(at / 9));
  const last = rangeOf('w2', (at) => at % 4);
  const ratios = [...out.keys()].flatMap((c) => [
    (out[c] ?? 0) / (middle[c] ?? 0),
    (middle[c] ?? 0) / (last[c] ?? 0),
  ]);
  return Math.max(...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
}

const weightOf = (model: Model, name: string): Tensor<'float32'> =>
  model.graph.initializers.get(name) as Tensor<'float32'>;

type Chain = readonly (readonly [(typeof layerKinds)[number], (typeof between)[number]])[];

/** The chain over a 4-channel image, then flattened into a Gemm and another one. */
function network(chain: Chain, seed: number): Model {
  const g = createGraphBuilder({ name: 'g' });
  const random = createRandom(seed);
  let value = g.input('x', 'float32', [2, 4, 6, 6]);
  for (const [index, [kind, after]] of chain.entries()) {
    value = layer(g, kind, { input: value, index, random });
    if (after === 'Clip') value = g.op('Clip', [value, g.scalar(0), g.scalar(6)]);
    else if (after === 'MaxPool') {
      const attributes = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };
      value = g.op('MaxPool', [value], { attributes });
    } else if (after !== 'none') value = g.op(after, [value]);
  }
  const flat = g.op('Flatten', [value]);
  const gemm = (input: string, name: string, dims: readonly number[], transB: number): string => {
    const weight = g.initializer(name, wild(dims, random));
    const bias = g.initializer(`${name}_bias`, wild([dims[1 - transB] ?? 0], random));
    return g.op('Gemm', [input, weight, bias], { attributes: { transB: int(transB) } });
  };
  const hidden = g.op('Relu', [gemm(flat, 'dense', [8, 144], 1)]);
  g.op('Identity', [gemm(hidden, 'last', [8, 3], 0)], { output: 'y' });
  g.output('y', 'float32', [2, 3]);
  return g.build();
}

interface LayerPlace {
  readonly input: string;
  readonly index: number;
  readonly random: Random;
}

function layer(g: GraphBuilder, kind: (typeof layerKinds)[number], place: LayerPlace): string {
  const { input, index, random } = place;
  const size = kind === 'pointwise' ? 1 : 3;
  const groups = { depthwise: 4, grouped: 2 }[kind as 'depthwise'] ?? 1;
  const edge = (size - 1) / 2;
  const inputs = [
    input,
    g.initializer(`w${index}`, wild([4, 4 / groups, size, size], random)),
    g.initializer(`b${index}`, wild([4], random)),
  ];
  const pads = ints([edge, edge, edge, edge]);
  const attributes = { pads, group: int(groups) };
  return g.op(kind === 'transposed' ? 'ConvTranspose' : 'Conv', inputs, { attributes });
}

/** Numbers of either sign whose sizes differ up to a thousandfold; sums of a row stay small. */
function wild(dims: readonly number[], random: Random): Tensor<'float32'> {
  const scale = 5 / Math.sqrt(elementCount(dims.slice(1)));
  const number = (): number => scale * 10 ** random.between(-3, 0) * (random.next() < 0.5 ? -1 : 1);
  return tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, number));
}

async function run(model: Model): Promise<Float32Array> {
  const { normal } = createRandom(9);
  const x = tensor('float32', [2, 4, 6, 6], Float32Array.from({ length: 288 }, normal));
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  return (await session.run({ x })).y?.data as Float32Array;
}
