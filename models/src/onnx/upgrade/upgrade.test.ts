import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { createGraphBuilder, float, type GraphBuilder, int, ints } from '../builder.ts';
import type { Attribute, Graph, Model } from '../graph.ts';
import { readModel } from '../read.ts';
import { writeModel } from '../write.ts';
import { upgradeOpset } from './upgrade.ts';

const runtime = createOnnxRuntime();
const text = (value: string): Attribute => ({
  type: 'string',
  value: new TextEncoder().encode(value),
});
const floats = (...value: number[]): Attribute => ({ type: 'floats', value });
const vector = (...list: number[]): Tensor =>
  tensor('float32', [list.length], Float32Array.from(list));

/** A node as an older operator set had it. */
interface Case {
  readonly op: string;
  readonly opset: number;
  readonly dims: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Further inputs. */
  readonly constants?: readonly Tensor[];
  readonly outputs?: number;
  /** The second output, where it holds positions. */
  readonly second?: 'int64';
  /** Symbols where the input has open sizes. */
  readonly open?: true;
}

const softmaxes = ['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((op): Case[] => [
  { op, opset: 7, dims: [2, 3] },
  { op, opset: 11, dims: [2, 3, 4] },
  { op, opset: 11, dims: [2, 3, 4], attributes: { axis: int(-1) } },
  { op, opset: 12, dims: [2, 3, 4], attributes: { axis: int(0) } },
  { op, opset: 9, dims: [2, 3, 1, 1] },
  { op, opset: 9, dims: [2, 3, 4], open: true },
  { op, opset: 9, dims: [2, 3, 4], attributes: { axis: int(2) }, open: true },
]);

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];
const reduced = reductions.flatMap((kind): Case[] => [
  { op: `Reduce${kind}`, opset: 11, dims: [2, 3, 4], attributes: { axes: ints([1, -1]) } },
  { op: `Reduce${kind}`, opset: 13, dims: [2, 3], attributes: { keepdims: int(0) } },
]);

const cases: readonly Case[] = [
  ...softmaxes,
  ...reduced,
  { op: 'ReduceSum', opset: 7, dims: [2, 3, 4], attributes: { axes: ints([0, 2]) } },
  { op: 'ReduceSum', opset: 12, dims: [2, 3, 4], attributes: { keepdims: int(0) } },
  { op: 'Squeeze', opset: 7, dims: [2, 1, 3, 1], attributes: { axes: ints([1]) } },
  { op: 'Squeeze', opset: 12, dims: [2, 1, 3, 1] },
  { op: 'Unsqueeze', opset: 7, dims: [2, 3], attributes: { axes: ints([0, 3]) } },
  { op: 'Split', opset: 7, dims: [6, 2], outputs: 2 },
  {
    op: 'Split',
    opset: 12,
    dims: [2, 6],
    outputs: 2,
    attributes: { axis: int(1), split: ints([2, 4]) },
  },
  { op: 'Dropout', opset: 7, dims: [2, 3], attributes: { ratio: float(0.3) } },
  { op: 'Dropout', opset: 10, dims: [2, 3] },
  { op: 'Clip', opset: 7, dims: [3, 4], attributes: { min: float(-0.5), max: float(0.5) } },
  { op: 'Clip', opset: 10, dims: [3, 4], attributes: { max: float(0.25) } },
  { op: 'Clip', opset: 10, dims: [3, 4], attributes: { min: float(0) }, open: true },
  { op: 'Clip', opset: 10, dims: [3, 4] },
  { op: 'Pad', opset: 7, dims: [2, 3], attributes: { pads: ints([0, 1, 2, 0]) } },
  {
    op: 'Pad',
    opset: 10,
    dims: [2, 3],
    attributes: { pads: ints([0, 1, 1, 0]), value: float(1.5) },
  },
  {
    op: 'Pad',
    opset: 8,
    dims: [3, 3],
    attributes: { pads: ints([0, 2, 1, 0]), mode: text('reflect') },
  },
  {
    op: 'Slice',
    opset: 7,
    dims: [4, 5],
    attributes: { starts: ints([1, -2]), ends: ints([3, 1000]), axes: ints([0, 1]) },
  },
  { op: 'Slice', opset: 9, dims: [4, 5], attributes: { starts: ints([1]), ends: ints([-1]) } },
  {
    // PyTorch's way to say: to the end.
    op: 'Slice',
    opset: 9,
    dims: [4, 5],
    attributes: { starts: ints([-1]), ends: { type: 'ints', value: [2n ** 63n - 1n] } },
  },
  { op: 'TopK', opset: 9, dims: [2, 5], attributes: { k: int(3) }, outputs: 2, second: 'int64' },
  {
    op: 'Upsample',
    opset: 7,
    dims: [1, 1, 2, 3],
    attributes: { scales: floats(1, 1, 2, 1.5), mode: text('nearest') },
  },
  {
    op: 'Upsample',
    opset: 8,
    dims: [1, 1, 2, 3],
    attributes: { scales: floats(1, 1, 2, 3), mode: text('linear') },
  },
  { op: 'Upsample', opset: 9, dims: [1, 1, 3, 3], constants: [vector(1, 1, 1.7, 2)] },
  ...['nearest', 'linear'].flatMap((mode): Case[] =>
    [
      vector(1, 1, 2, 2.4),
      vector(1, 1, 0.6, 0.5),
      ...(mode === 'nearest' ? [vector(1, 1, 2.3, 0.6)] : []),
    ].map((scales) => ({
      op: 'Resize',
      opset: 10,
      dims: [1, 2, 5, 7],
      constants: [scales],
      attributes: { mode: text(mode) },
    })),
  ),
  {
    op: 'BatchNormalization',
    opset: 7,
    dims: [2, 3, 2, 2],
    constants: [vector(1, 2, 3), vector(0, 1, -1), vector(0.1, 0, -0.2), vector(1, 2, 0.5)],
    attributes: { spatial: int(1), epsilon: float(1e-3), momentum: float(0.8) },
  },
  {
    op: 'Scatter',
    opset: 9,
    dims: [3, 3],
    constants: [
      tensor('int64', [1, 3], BigInt64Array.of(1n, 0n, 2n)),
      tensor('float32', [1, 3], Float32Array.of(5, 6, 7)),
    ],
  },
  {
    op: 'RoiAlign',
    opset: 10,
    dims: [1, 1, 6, 6],
    constants: [
      tensor('float32', [1, 4], Float32Array.of(0.4, 0.7, 4.2, 5)),
      tensor('int64', [1], BigInt64Array.of(0n)),
    ],
    attributes: { output_height: int(2), output_width: int(3) },
  },
  ...['bilinear', 'bicubic', 'nearest'].map(
    (mode): Case => ({
      op: 'GridSample',
      opset: 16,
      dims: [1, 1, 4, 4],
      constants: [tensor('float32', [1, 1, 2, 2], Float32Array.of(-0.7, 0.3, 0.9, -0.1))],
      attributes: { mode: text(mode) },
    }),
  ),
  {
    op: 'DFT',
    opset: 17,
    dims: [1, 3, 4, 1],
    attributes: { axis: int(2) },
  },
  {
    op: 'Gemm',
    opset: 7,
    dims: [2, 3],
    constants: [tensor('float32', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)), vector(1, -1)],
  },
];

for (const target of [17, 21]) {
  for (const each of cases.filter(({ opset }) => opset < target)) {
    const { op, opset, dims, attributes = {} } = each;
    const form = `${op} of operator set ${opset} on [${dims}]${each.open ? ' with open sizes' : ''}`;
    test(`${form} {${Object.keys(attributes)}} gives the same at ${target}`, async () => {
      const model = modelOf(each);
      const upgraded = upgradeOpset(model, target);
      assert.equal(upgraded.opsets.get(''), target);
      const x = normals(dims);
      assert.deepEqual(await outputs(upgraded, x), await outputs(model, x));
    });
  }
}

test('scales that only running tells become two steps with the same outputs', async () => {
  const model = modelOf({
    op: 'Resize',
    opset: 10,
    dims: [1, 1, 5, 5],
    constants: [vector(1, 1, 0.45, 2.3)],
  });
  const { initializers } = model.graph;
  const [[name, scales] = assert.fail('no scales')] = [...initializers];
  const halved = tensor(
    'float32',
    [4],
    (scales.data as Float32Array).map((s) => s / 2),
  );
  const g = model.graph;
  const asked: Model = {
    ...model,
    graph: {
      ...g,
      initializers: new Map([['half', halved]]),
      nodes: [
        {
          name: 'double',
          op: 'Add',
          domain: '',
          inputs: ['half', 'half'],
          outputs: [name],
          attributes: new Map(),
        },
        ...g.nodes,
      ],
    },
  };
  const x = normals([1, 1, 5, 5]);
  assert.deepEqual(await outputs(upgradeOpset(asked), x), await outputs(asked, x));
  assert.deepEqual(await outputs(asked, x), await outputs(model, x));
});

test('nodes of inner graphs are upgraded with constants of their own', async () => {
  const branch = (starts: number): Graph => ({
    ...modelOf({
      op: 'Slice',
      opset: 9,
      dims: [4, 2],
      attributes: { starts: ints([starts]), ends: ints([starts + 2]) },
    }).graph,
    inputs: [],
  });
  const g = createGraphBuilder({ name: 'outer', opset: 9 });
  const x = g.input('x', 'float32', [4, 2]);
  const condition = g.constant(tensor('bool', [], Uint8Array.of(1)));
  g.op('If', [condition], {
    output: 'chosen',
    attributes: {
      then_branch: { type: 'graph', value: branch(0) },
      else_branch: { type: 'graph', value: branch(2) },
    },
  });
  g.op('Squeeze', [g.op('Unsqueeze', ['chosen'], { attributes: { axes: ints([0]) } })], {
    output: 'y',
  });
  g.output('y', 'float32', [2, 2]);
  const model = g.build();
  const values = normals([4, 2]);
  assert.deepEqual(await outputs(upgradeOpset(model), values), await outputs(model, values));
  assert.equal(x, 'x');
});

test('a clip whose type is not known takes bounds of the type of its data', async () => {
  const model = modelOf({
    op: 'Clip',
    opset: 9,
    dims: [2, 3],
    attributes: { min: float(-0.5), max: float(0.5) },
  });
  const hidden: Model = {
    ...model,
    graph: {
      ...model.graph,
      nodes: [
        {
          name: 'inner',
          op: 'Gelu',
          domain: 'com.microsoft',
          inputs: ['x'],
          outputs: ['h'],
          attributes: new Map(),
        },
        ...model.graph.nodes.map((node) => ({ ...node, inputs: ['h'] })),
      ],
    },
    opsets: new Map([
      ['', 9],
      ['com.microsoft', 1],
    ]),
  };
  const x = normals([2, 3]);
  assert.deepEqual(await outputs(upgradeOpset(hidden), x), await outputs(hidden, x));
  refuses(() => upgradeOpset(hidden, 13), 'unsupported', /\(Clip\)/);
});

test('a model of the target or later is returned as it is', () => {
  const at = (opset: number) => modelOf({ op: 'Relu', opset, dims: [2] });
  const [seventeen, latest] = [at(17), at(22)];
  assert.equal(upgradeOpset(seventeen), seventeen);
  assert.equal(upgradeOpset(latest, 21), latest);
});

test('what has no equal form is refused by the name of its node', () => {
  const refused: readonly Case[] = [
    { op: 'Relu', opset: 6, dims: [2] },
    {
      op: 'BatchNormalization',
      opset: 8,
      dims: [2, 3],
      constants: [vector(1, 1, 1), vector(0, 0, 0), vector(0, 0, 0), vector(1, 1, 1)],
      attributes: { spatial: int(0) },
    },
    {
      op: 'BatchNormalization',
      opset: 9,
      dims: [2, 3],
      constants: [vector(1, 1, 1), vector(0, 0, 0), vector(0, 0, 0), vector(1, 1, 1)],
      outputs: 3,
    },
    { op: 'Dropout', opset: 9, dims: [2], outputs: 2 },
    { op: 'Scan', opset: 8, dims: [2] },
  ];
  for (const each of refused) {
    const pattern = each.opset < 7 ? /operator set 6/ : new RegExp(`y_0 \\(${each.op}\\)`);
    refuses(() => upgradeOpset(modelOf(each)), 'unsupported', pattern);
  }
  refuses(() => upgradeOpset(modelOf({ op: 'Relu', opset: 7, dims: [2] }), 12), 'invalid-argument');
});

test('a PyTorch export of operator set 13 gives the same after an upgrade to 21', async () => {
  const fixture = new URL('../../../fixtures/onnx/torch-cnn-13.onnx', import.meta.url);
  const { readFileSync } = await import('node:fs');
  const model = readModel(readFileSync(fixture));
  const [input = assert.fail('no input')] = model.graph.inputs;
  const x = normals((input.dims ?? []).map((size) => (typeof size === 'number' ? size : 2)));
  const run = async (each: Model): Promise<unknown> => {
    await using session = await runtime.load(writeModel(each), {});
    return await session.run({ [input.name]: x });
  };
  assert.deepEqual(await run(upgradeOpset(model, 21)), await run(model));
});

function refuses(action: () => unknown, code: string, message = /./): void {
  assert.throws(
    action,
    (error) => error instanceof FleetError && error.code === code && message.test(error.message),
  );
}

function modelOf({ op, opset, dims, attributes, constants = [], ...rest }: Case): Model {
  const g: GraphBuilder = createGraphBuilder({ name: 'old', opset });
  const x = g.input('x', 'float32', rest.open ? dims.map((_, axis) => `d${axis}`) : dims);
  const inputs = [x, ...constants.map((constant) => g.constant(constant))];
  const names = Array.from({ length: rest.outputs ?? 1 }, (_, index) => `y_${index}`);
  g.ops(op, inputs, names, attributes && { attributes });
  const built = g.build();
  const outputs = names.map((name, index) => ({
    name,
    dtype: index === 1 && rest.second ? rest.second : ('float32' as const),
    dims: undefined,
  }));
  return { ...built, graph: { ...built.graph, outputs } };
}

function normals(dims: readonly number[]): Tensor {
  const { normal } = createRandom(7);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => normal()),
  );
}

/** As the graph is written: an optimiser might fold the two forms into different kernels. */
async function outputs(model: Model, x: Tensor): Promise<unknown> {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  return await session.run({ x });
}
