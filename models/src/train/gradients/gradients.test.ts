import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, float, int, ints } from '../../onnx/builder.ts';
import type { Attribute, Model } from '../../onnx/graph.ts';
import { dimsOf, inferShapes } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom, shuffled } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { createTape } from '../differentiate.ts';
import { gradients } from './gradients.ts';
import { quantizeRules } from './quantize.ts';

/** One operator with the sizes of the inputs whose gradients are checked. */
interface Case {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  /** A constant that comes before the inputs. */
  readonly condition?: Tensor;
  /** Further inputs that are constants. */
  readonly constants?: readonly Tensor[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly outputs?: number;
  /** Default 17. */
  readonly opset?: number;
  /** Moves all inputs away from zero, for logarithms and divisors. */
  readonly positive?: boolean;
}

const axes = (...list: number[]): Tensor =>
  tensor('int64', [list.length], BigInt64Array.from(list, BigInt));
const scalar = (value: number): Tensor => tensor('float32', [], new Float32Array([value]));
const square = (size: number, ...rest: number[]) => ints([size, size, ...rest]);
const vector = (...list: number[]): Tensor =>
  tensor('float32', [list.length], Float32Array.from(list));

const conv = (
  name: string,
  input: readonly number[],
  weight: readonly number[],
  attributes: Readonly<Record<string, Attribute>>,
): Case => ({ op: 'Conv', name, inputs: [input, weight, [weight[0] ?? 0]], attributes });

const cases: readonly Case[] = [
  conv('same padding', [2, 2, 5, 4], [3, 2, 3, 3], { pads: ints([1, 1, 1, 1]) }),
  conv('stride 2 that leaves a rest', [2, 2, 6, 7], [2, 2, 3, 3], { strides: ints([2, 2]) }),
  conv('stride 2, one-sided padding', [1, 2, 6, 6], [2, 2, 3, 3], {
    strides: ints([2, 2]),
    pads: ints([0, 0, 1, 1]),
  }),
  conv('dilation 2', [1, 2, 7, 6], [2, 2, 3, 2], { dilations: ints([2, 2]) }),
  conv('narrowing', [2, 3, 4, 5], [2, 3, 3, 3], { pads: ints([1, 1, 1, 1]) }),
  conv('some channels, same padding', [1, 6, 4, 3], [2, 6, 3, 3], { pads: ints([1, 1, 1, 1]) }),
  conv('some channels, a small window', [2, 6, 3, 4], [2, 6, 2, 2], { strides: ints([1, 2]) }),
  conv('many channels, same padding', [1, 16, 3, 4], [2, 16, 3, 3], { pads: ints([1, 1, 1, 1]) }),
  conv(
    'many channels, stride 2 that leaves a rest, one-sided padding',
    [1, 16, 5, 6],
    [3, 16, 2, 3],
    {
      strides: ints([2, 2]),
      pads: ints([0, 1, 1, 0]),
    },
  ),
  conv('many channels of one spatial axis, dilation 2', [2, 16, 7], [2, 16, 3], {
    dilations: ints([2]),
    pads: ints([2, 0]),
  }),
  conv('1 x 1', [2, 3, 3, 3], [4, 3, 1, 1], {}),
  conv('two groups', [2, 4, 4, 5], [6, 2, 3, 3], { group: int(2), pads: ints([1, 1, 1, 1]) }),
  conv('two groups, stride 2', [2, 4, 5, 6], [2, 2, 3, 3], {
    group: int(2),
    strides: ints([2, 2]),
  }),
  conv('depthwise', [2, 3, 4, 5], [3, 1, 3, 3], { group: int(3), pads: ints([1, 1, 1, 1]) }),
  conv('depthwise, stride 2', [2, 3, 5, 6], [3, 1, 3, 3], {
    group: int(3),
    strides: ints([2, 2]),
    pads: ints([1, 1, 1, 1]),
  }),
  conv('depthwise of a large plane', [1, 2, 20, 18], [2, 1, 3, 3], {
    group: int(2),
    pads: ints([1, 0, 1, 2]),
  }),
  conv('depthwise of a large plane, dilation 2, stride 2', [2, 2, 33, 30], [2, 1, 2, 3], {
    group: int(2),
    dilations: ints([2, 2]),
    strides: ints([2, 2]),
    pads: ints([0, 1, 1, 0]),
  }),
  conv('depthwise of long rows', [1, 2, 3, 90], [2, 1, 3, 3], {
    group: int(2),
    pads: ints([1, 1, 1, 1]),
  }),
  conv('depthwise of one spatial axis', [2, 3, 8], [3, 1, 3], {
    group: int(3),
    strides: ints([2]),
    pads: ints([0, 2]),
  }),
  conv('depthwise of one long spatial axis', [1, 2, 70], [2, 1, 15], {
    group: int(2),
    pads: ints([7, 7]),
  }),
  conv('depthwise with multiplier 2', [2, 3, 4, 4], [6, 1, 3, 3], { group: int(3) }),
  conv('one spatial axis', [2, 2, 9], [3, 2, 3], { strides: ints([2]), pads: ints([1, 1]) }),
  conv('auto_pad SAME_UPPER', [1, 2, 5, 6], [2, 2, 3, 3], {
    strides: ints([2, 2]),
    auto_pad: { type: 'string', value: new TextEncoder().encode('SAME_UPPER') },
  }),
  { op: 'Gemm', name: 'plain', inputs: [[3, 4], [4, 2], [2]] },
  {
    op: 'Gemm',
    name: 'both transposed, scaled, column bias',
    inputs: [
      [4, 3],
      [2, 4],
      [3, 1],
    ],
    attributes: { transA: int(1), transB: int(1), alpha: float(0.5), beta: float(2) },
  },
  {
    op: 'Gemm',
    name: 'left transposed',
    inputs: [
      [4, 3],
      [4, 2],
    ],
    attributes: { transA: int(1) },
  },
  {
    op: 'Gemm',
    name: 'right transposed',
    inputs: [
      [3, 4],
      [2, 4],
    ],
    attributes: { transB: int(1) },
  },
  {
    op: 'MatMul',
    name: 'matrices',
    inputs: [
      [3, 4],
      [4, 2],
    ],
  },
  {
    op: 'MatMul',
    name: 'broadcast batches',
    inputs: [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
  },
  {
    op: 'Add',
    name: 'broadcast',
    inputs: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  {
    op: 'Sub',
    name: 'broadcast',
    inputs: [
      [1, 4],
      [3, 4],
    ],
  },
  { op: 'Mul', name: 'broadcast', inputs: [[2, 3, 4], [4]] },
  { op: 'Div', name: 'broadcast', inputs: [[2, 3], [3]], positive: true },
  { op: 'Neg', name: '', inputs: [[5]] },
  { op: 'Exp', name: '', inputs: [[5]] },
  { op: 'Log', name: '', inputs: [[5]], positive: true },
  { op: 'Sqrt', name: '', inputs: [[5]], positive: true },
  { op: 'Relu', name: '', inputs: [[4, 5]] },
  { op: 'Clip', name: 'both bounds', inputs: [[4, 5]], constants: [scalar(-0.2), scalar(0.3)] },
  { op: 'Clip', name: 'lower bound', inputs: [[4, 5]], constants: [scalar(0)] },
  { op: 'Sigmoid', name: '', inputs: [[5]] },
  { op: 'Tanh', name: '', inputs: [[5]] },
  { op: 'Softmax', name: 'last axis', inputs: [[3, 4]] },
  { op: 'Softmax', name: 'inner axis', inputs: [[2, 3, 4]], attributes: { axis: int(1) } },
  { op: 'LogSoftmax', name: '', inputs: [[3, 4]] },
  {
    op: 'MaxPool',
    name: 'tiles',
    inputs: [[2, 2, 4, 6]],
    attributes: { kernel_shape: square(2), strides: square(2) },
  },
  {
    op: 'MaxPool',
    name: 'tiles of six cells',
    inputs: [[2, 2, 6, 4]],
    attributes: { kernel_shape: ints([3, 2]), strides: ints([3, 2]) },
  },
  {
    op: 'MaxPool',
    name: 'overlaps, with padding',
    inputs: [[1, 2, 5, 5]],
    attributes: { kernel_shape: square(3), strides: square(2), pads: ints([1, 1, 1, 1]) },
  },
  {
    op: 'MaxPool',
    name: 'leaves a rest',
    inputs: [[1, 2, 5, 7]],
    attributes: { kernel_shape: square(2), strides: square(2) },
  },
  {
    op: 'MaxPool',
    name: 'rounds up',
    inputs: [[1, 1, 5, 5]],
    attributes: { kernel_shape: square(2), strides: square(2), ceil_mode: int(1) },
  },
  {
    op: 'AveragePool',
    name: 'tiles',
    inputs: [[2, 2, 4, 6]],
    attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 3]) },
  },
  {
    op: 'AveragePool',
    name: 'overlaps, padding not counted',
    inputs: [[1, 2, 5, 5]],
    attributes: { kernel_shape: square(3), strides: square(2), pads: ints([1, 1, 1, 1]) },
  },
  {
    op: 'AveragePool',
    name: 'overlaps, padding counted',
    inputs: [[1, 2, 5, 5]],
    attributes: {
      kernel_shape: square(3),
      strides: square(2),
      pads: ints([1, 1, 1, 1]),
      count_include_pad: int(1),
    },
  },
  { op: 'GlobalAveragePool', name: '', inputs: [[2, 3, 3, 4]] },
  {
    op: 'BatchNormalization',
    name: 'images',
    inputs: [[3, 2, 2, 3], [2], [2]],
    constants: [vector(0, 0), vector(1, 1)],
    attributes: { training_mode: int(1), epsilon: float(1e-3) },
    outputs: 3,
  },
  {
    op: 'BatchNormalization',
    name: 'vectors',
    inputs: [[5, 3], [3], [3]],
    constants: [vector(0, 0, 0), vector(1, 1, 1)],
    attributes: { training_mode: int(1) },
    outputs: 3,
  },
  {
    op: 'BatchNormalization',
    name: 'mean and variance that are one constant',
    inputs: [[4, 2], [2], [2]],
    constants: [vector(1, 1), vector(1, 1)],
    attributes: { training_mode: int(1) },
    outputs: 3,
  },
  {
    op: 'BatchNormalization',
    name: 'constant statistics',
    inputs: [[3, 2, 2], [2], [2]],
    constants: [vector(0.1, -0.2), vector(0.5, 2)],
  },
  { op: 'Flatten', name: '', inputs: [[2, 3, 4]] },
  { op: 'Reshape', name: '', inputs: [[2, 6]], constants: [axes(3, -1)] },
  { op: 'Squeeze', name: '', inputs: [[2, 1, 3]], constants: [axes(1)] },
  { op: 'Unsqueeze', name: '', inputs: [[2, 3]], constants: [axes(1)] },
  { op: 'Identity', name: '', inputs: [[4]] },
  { op: 'Transpose', name: '', inputs: [[2, 3, 4]], attributes: { perm: ints([2, 0, 1]) } },
  {
    op: 'Concat',
    name: '',
    inputs: [
      [2, 3],
      [2, 1],
    ],
    attributes: { axis: int(1) },
  },
  {
    op: 'Slice',
    name: 'from the end',
    inputs: [[3, 5]],
    constants: [axes(-4), axes(4), axes(1)],
  },
  { op: 'Slice', name: 'all axes', inputs: [[3, 4]], constants: [axes(1, 0), axes(99, 3)] },
  { op: 'Pad', name: 'both ends', inputs: [[2, 3]], constants: [axes(1, 0, 0, 2), scalar(0.5)] },
  { op: 'Max', name: 'of inputs that broadcast', inputs: [[3, 4], [4]], constants: [scalar(0.01)] },
  { op: 'Min', name: 'with a bound', inputs: [[4, 5]], constants: [scalar(0.01)] },
  { op: 'ReduceMax', name: '', inputs: [[2, 3, 4]], attributes: { axes: ints([-1, 0]) } },
  {
    op: 'ReduceMin',
    name: 'axes as an input',
    inputs: [[2, 3, 4]],
    constants: [axes(1)],
    attributes: { keepdims: int(0) },
    opset: 18,
  },
  { op: 'GlobalMaxPool', name: '', inputs: [[2, 3, 3, 4]] },
  { op: 'ReduceSum', name: 'one axis', inputs: [[2, 3, 4]], constants: [axes(-2)] },
  { op: 'ReduceSum', name: 'all axes', inputs: [[2, 3]] },
  {
    op: 'ReduceMean',
    name: '',
    inputs: [[2, 3, 4]],
    attributes: { axes: ints([0, 2]), keepdims: int(0) },
  },
  {
    op: 'Slice',
    name: 'every second and every third backwards',
    inputs: [[2, 6, 8]],
    constants: [axes(1, -1), axes(99, 0), axes(1, 2), axes(2, -3)],
  },
  {
    op: 'Split',
    name: 'in unequal parts',
    inputs: [[2, 5]],
    constants: [axes(2, 3)],
    attributes: { axis: int(1) },
    outputs: 2,
  },
  { op: 'Expand', name: '', inputs: [[2, 1, 3]], constants: [axes(4, 2, 5, 3)] },
  { op: 'Cast', name: 'to float', inputs: [[2, 3]], attributes: { to: int(1) } },
  {
    op: 'Gather',
    name: 'rows, one of them twice',
    inputs: [[3, 4]],
    constants: [tensor('int64', [2, 2], BigInt64Array.of(2n, 0n, -1n, 2n))],
  },
  {
    op: 'Gather',
    name: 'one inner place',
    inputs: [[2, 4, 3]],
    constants: [tensor('int64', [], BigInt64Array.of(-2n))],
    attributes: { axis: int(1) },
  },
  {
    op: 'ConvTranspose',
    name: 'stride 2 with output padding',
    inputs: [[2, 3, 3, 4], [3, 2, 3, 3], [2]],
    attributes: {
      strides: ints([2, 2]),
      pads: ints([1, 1, 1, 1]),
      output_padding: ints([1, 0]),
    },
  },
  {
    op: 'ConvTranspose',
    name: 'two groups, stride that leaves gaps',
    inputs: [
      [1, 4, 3, 3],
      [4, 2, 2, 2],
    ],
    attributes: { group: int(2), strides: ints([3, 3]) },
  },
  { op: 'LeakyRelu', name: '', inputs: [[4, 5]], attributes: { alpha: float(0.2) } },
  { op: 'Elu', name: '', inputs: [[4, 5]], attributes: { alpha: float(0.7) } },
  { op: 'Softplus', name: '', inputs: [[4, 5]] },
  { op: 'HardSigmoid', name: '', inputs: [[4, 40]], attributes: { alpha: float(0.2) } },
  { op: 'HardSwish', name: '', inputs: [[4, 40]] },
  { op: 'Gelu', name: '', inputs: [[4, 20]], opset: 20 },
  {
    op: 'Gelu',
    name: 'of tanh',
    inputs: [[4, 20]],
    attributes: { approximate: { type: 'string', value: new TextEncoder().encode('tanh') } },
    opset: 20,
  },
  { op: 'Erf', name: '', inputs: [[4, 5]] },
  { op: 'Abs', name: '', inputs: [[4, 5]] },
  { op: 'Pow', name: 'square', inputs: [[4, 5]], constants: [scalar(2)] },
  { op: 'Pow', name: 'broken', inputs: [[5]], constants: [scalar(1.5)], positive: true },
  {
    op: 'Where',
    name: 'broadcast',
    condition: tensor('bool', [2, 1], Uint8Array.of(1, 0)),
    inputs: [[2, 3], [3]],
  },
  {
    op: 'Sum',
    name: 'three inputs',
    inputs: [[2, 3], [3], [2, 1]],
  },
  {
    op: 'LayerNormalization',
    name: 'last axis',
    inputs: [[3, 5], [5], [5]],
  },
  {
    op: 'LayerNormalization',
    name: 'two axes, without bias',
    inputs: [
      [2, 2, 3],
      [2, 3],
    ],
    attributes: { axis: int(-2) },
  },
  { op: 'Dropout', name: 'nothing dropped', inputs: [[3, 4]], constants: [scalar(0)] },
];

for (const one of cases) {
  const title = [one.op, one.name].filter((part) => part !== '').join(', ');
  test(`${title}: the gradient equals finite differences`, () => checkCase(one));
}

test('every rule but those of rounding is checked by finite differences', () => {
  const checked = new Set([...cases.map(({ op }) => op), ...Object.keys(quantizeRules)]);
  assert.deepEqual([...Object.keys(gradients)].sort(), [...checked].sort());
});

/** Half the distance between the two points of a difference; inputs lie further apart than twice this. */
const epsilon = 0.01;

async function checkCase(one: Case): Promise<void> {
  const model = gradientModel(one);
  await using session = await createOnnxRuntime().load(writeModel(model));
  const values = one.inputs.map((dims, index) => distinct(dims, index, one.positive === true));
  const feedsWith = (input: number, replaced: Tensor): Record<string, Tensor> => ({
    ...Object.fromEntries(values.map((value, index) => [`x${index}`, value])),
    [`x${input}`]: replaced,
    ...Object.fromEntries(
      model.graph.inputs
        .filter(({ name }) => name.endsWith('_mask'))
        .map(({ name, dims }) => [name, ones(dims as number[])]),
    ),
  });
  for (const [input, value] of values.entries()) {
    const exact = (await session.run(feedsWith(input, value)))[`g${input}`]?.data as Float32Array;
    const scale = exact.reduce((most, part) => Math.max(most, Math.abs(part)), 0.1);
    for (let at = 0; at < value.data.length; at++) {
      const lossAt = async (shift: number): Promise<number> => {
        const moved = Float32Array.from(value.data as Float32Array);
        moved[at] = (moved[at] ?? 0) + shift;
        const result = await session.run(feedsWith(input, tensor('float32', value.dims, moved)));
        return weighted(result.y0?.data as Float32Array);
      };
      const numeric = ((await lossAt(epsilon)) - (await lossAt(-epsilon))) / (2 * epsilon);
      const wrong = Math.abs(numeric - (exact[at] ?? Number.NaN)) / scale;
      assert.ok(
        wrong < 2e-3,
        `input ${input}, element ${at}: ${exact[at]}, numerically ${numeric}`,
      );
    }
  }
}

/** The operator in its training form, with the gradients of a weighted sum of its output. */
function gradientModel(one: Case): Model {
  const { opset = 17 } = one;
  const plain = createGraphBuilder({ name: 'plain', opset });
  const inputs = one.inputs.map((dims, index) => plain.input(`x${index}`, 'float32', dims));
  const constants = (one.constants ?? []).map((value) => plain.constant(value));
  const outputs = Array.from({ length: one.outputs ?? 1 }, (_, index) => `y${index}`);
  const condition = one.condition === undefined ? [] : [plain.constant(one.condition)];
  plain.ops(one.op, [...condition, ...inputs, ...constants], outputs, {
    attributes: one.attributes ?? {},
  });
  for (const name of outputs) plain.output(name, 'float32', []);
  const { graph: forward } = inferShapes({
    ...plain.build(),
    graph: { ...plain.build().graph, outputs: outputs.map(undescribed) },
  });

  const graph = createGraphBuilder({ name: 'gradient', opset });
  for (const [index, dims] of one.inputs.entries()) graph.input(`x${index}`, 'float32', dims);
  for (const [name, value] of forward.initializers) graph.initializer(name, value);
  const tape = createTape(graph, {
    dims: (name) => dimsOf(forward, name),
    constant: (name) => {
      const data = forward.initializers.get(name)?.data as Float32Array | undefined;
      return data === undefined ? undefined : Array.from(data, Number);
    },
  });
  for (const node of forward.nodes) tape.forward(node);
  const dims = dimsOf(forward, 'y0');
  const seed = graph.constant(tensor('float32', dims, weights(elementCount(dims))));
  const results = tape.backward(new Map([['y0', seed]]), inputs);
  graph.output('y0', 'float32', dims);
  for (const [index, dims] of one.inputs.entries()) {
    graph.op('Identity', [results.get(`x${index}`) ?? ''], { output: `g${index}` });
    graph.output(`g${index}`, 'float32', dims);
  }
  return graph.build();
}

const undescribed = (name: string) => ({ name, dtype: undefined, dims: undefined });

function weights(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.cos(at + 0.5));
}

function weighted(values: Float32Array): number {
  const factors = weights(values.length);
  return values.reduce((sum, value, at) => sum + value * (factors[at] ?? 0), 0);
}

function ones(dims: readonly number[]): Tensor {
  return tensor('float32', dims, new Float32Array(elementCount(dims)).fill(1));
}

/** Distinct numbers in random order, none near zero, so that no kink lies between two points. */
function distinct(dims: readonly number[], stream: number, positive: boolean): Tensor {
  const count = elementCount(dims);
  const order = shuffled(count, createRandom(7, stream));
  const start = positive ? 0.5 : 0.025 - 0.05 * Math.ceil(count / 2);
  return tensor(
    'float32',
    dims,
    Float32Array.from(order, (rank) => start + 0.05 * rank),
  );
}

test('of equal numbers the bound takes the gradient, and those of an axis share it', async () => {
  const x = tensor('float32', [2, 2], Float32Array.of(0, 1, 1, 1));
  const gradientOf = async (one: Case): Promise<readonly number[]> => {
    await using session = await createOnnxRuntime().load(writeModel(gradientModel(one)));
    return Array.from((await session.run({ x0: x })).g0?.data as Float32Array);
  };
  const [w = 0] = weights(1);
  const bounded = await gradientOf({
    op: 'Max',
    name: '',
    inputs: [[2, 2]],
    constants: [scalar(1)],
  });
  assert.deepEqual(bounded, [0, 0, 0, 0]);
  const shared = await gradientOf({ op: 'ReduceMax', name: '', inputs: [[2, 2]] });
  assert.deepEqual(shared, [0, w / 3, w / 3, w / 3].map(Math.fround));
});
