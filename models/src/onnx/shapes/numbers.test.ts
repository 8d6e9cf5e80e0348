import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { createGraphBuilder, type GraphBuilder, int } from '../builder.ts';
import type { Model } from '../graph.ts';
import { writeModel } from '../write.ts';
import { inferShapes, knownNumbers, valueInfoOf } from './infer.ts';

/** Numbers of types in ONNX's TensorProto. */
const [float, int64, bool] = [{ to: int(1) }, { to: int(7) }, { to: int(9) }];

/** A graph over `x` [2, 5, 3, 4] that ends in the sizes of an Expand or Reshape; its output is `y`. */
const computations: Readonly<Record<string, (g: GraphBuilder, sizes: string) => string>> = {
  'fractions of sizes are not cut before they are whole numbers again': (g, sizes) => {
    const [a, b] = parts(g, g.op('Cast', [sizes], { attributes: float }), [1, 0]);
    const share = g.op('Div', [a ?? '', b ?? '']);
    const whole = g.op('Cast', [g.op('Mul', [share, g.constant(scalar(4))])], {
      attributes: int64,
    });
    return g.op('Concat', [whole, g.ints([1])], { attributes: { axis: int(0) } });
  },
  'remainders have the sign of the divisor': (g, sizes) => {
    const [a, b] = parts(g, sizes, [1, 2]);
    const rest = g.op('Mod', [g.op('Neg', [a ?? '']), b ?? '']);
    return g.op('Concat', [rest, g.op('Mod', [a ?? '', b ?? ''])], {
      attributes: { axis: int(0) },
    });
  },
  'what is open is filled with what is there': (g, sizes) => {
    const wanted = g.ints([-1, 7, -1, 9]);
    return g.op('Where', [g.op('Equal', [wanted, g.ints([-1])]), sizes, wanted]);
  },
  'the greatest, the least and the number of all': (g, sizes) => {
    const product = g.op('ReduceProd', [sizes], { attributes: { keepdims: int(1) } });
    const most = g.op('Min', [product, g.op('Max', [g.ints([11]), g.op('Abs', [g.ints([-3])])])]);
    const count = g.op('Reshape', [g.op('Size', ['x']), g.ints([1])]);
    const tenth = g.op('Div', [count, g.ints([10])]);
    return g.op('Concat', [most, tenth], { attributes: { axis: int(0) } });
  },
};

for (const [fact, write] of Object.entries(computations)) {
  test(`in sizes that a graph computes, ${fact}`, async () => {
    const g = createGraphBuilder({ name: 'g' });
    g.op('ConstantOfShape', [write(g, g.op('Shape', [g.input('x', 'float32', [2, 5, 3, 4])]))], {
      output: 'y',
    });
    g.output('y', 'float32', []);
    const model = withoutOutputSizes(g.build());
    const told = valueInfoOf(inferShapes(model).graph, 'y')?.dims;
    await using session = await createOnnxRuntime().load(writeModel(model), { optimise: 'none' });
    const x = tensor('float32', [2, 5, 3, 4], new Float32Array(120));
    const { y } = await session.run({ x });
    assert.deepEqual(told, y?.dims);
  });
}

test('conditions on sizes are answered, and on a size with a name only where it cannot matter', () => {
  const g = createGraphBuilder({ name: 'g' });
  const sizes = g.op('Shape', [g.input('x', 'float32', ['N', 5])]);
  const [batch = '', width = ''] = parts(g, sizes, [0, 1]);
  const asked = {
    isFive: g.op('Equal', [width, g.ints([5])]),
    isWide: g.op('Cast', [g.op('Sub', [width, g.ints([5])])], { attributes: bool }),
    isOpen: g.op('Equal', [batch, g.ints([-1])]),
    isEmpty: g.op('Not', [g.op('Less', [g.ints([0]), width])]),
    isOne: g.op('Equal', [batch, g.ints([1])]),
  };
  const known = knownNumbers(g.build());
  const answers = Object.fromEntries(
    Object.entries(asked).map(([key, name]) => [key, known(name)]),
  );
  assert.deepEqual(answers, {
    ...{ isFive: [1], isWide: [0], isOpen: [0], isEmpty: [0] },
    isOne: undefined,
  });
});

const scalar = (value: number) => tensor('float32', [1], new Float32Array([value]));

/** Single numbers of a list, as lists of one. */
function parts(g: GraphBuilder, list: string, places: readonly number[]): readonly string[] {
  return places.map((place) => g.op('Slice', [list, g.ints([place]), g.ints([place + 1])]));
}

function withoutOutputSizes(model: Model): Model {
  const outputs = model.graph.outputs.map((output) => ({ ...output, dims: undefined }));
  return { ...model, graph: { ...model.graph, outputs } };
}
