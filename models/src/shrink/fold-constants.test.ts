import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, type GraphBuilder, int, ints } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, tensor } from '../tensor/tensor.ts';
import { foldConstants } from './fold-constants.ts';
import { prepare } from './prepare.ts';
import { quantize } from './quantize/quantize.ts';

/** What exporters do to a constant `c` of sizes [2, 3, 4] before a node reads it. */
const rearranged: Readonly<Record<string, (g: GraphBuilder, c: string) => string>> = {
  turned: (g, c) => g.op('Transpose', [c], { attributes: { perm: ints([2, 0, 1]) } }),
  'turned around': (g, c) => g.op('Transpose', [c]),
  'given other sizes': (g, c) => g.op('Reshape', [c, g.ints([0, -1, 2])]),
  'given sizes that were joined': (g, c) =>
    g.op('Reshape', [c, g.op('Concat', [g.ints([4]), g.ints([6])], along(0))]),
  flattened: (g, c) => g.op('Flatten', [c], along(2)),
  'flattened from the end': (g, c) => g.op('Flatten', [c], along(-2)),
  'given axes and robbed of them': (g, c) =>
    g.op('Squeeze', [g.op('Unsqueeze', [c, g.ints([-1, 1])]), g.ints([-4])]),
  'robbed of all axes of one': (g, c) => g.op('Squeeze', [g.op('Unsqueeze', [c, g.ints([0, 4])])]),
  cut: (g, c) => g.op('Slice', [c, g.ints([1, -3]), g.ints([1000, -1]), g.ints([1, -1])]),
  'cut backwards in steps': (g, c) =>
    g.op('Slice', [c, g.ints([-1, 1]), g.ints([-1000, -1000]), g.ints([2, 0]), g.ints([-2, -1])]),
  'cut without axes': (g, c) => g.op('Slice', [c, g.ints([0, 2]), g.ints([1, 3])]),
  joined: (g, c) => g.op('Concat', [c, g.op('Slice', [c, g.ints([1]), g.ints([2])])], along(0)),
  'joined within': (g, c) => g.op('Concat', [c, c, c], along(-2)),
  'made of whole numbers': (g) => g.op('Cast', [g.op('Cast', [g.ints([3, -4])], to(6))], to(1)),
};
const along = (axis: number) => ({ attributes: { axis: int(axis) } });
const to = (type: number) => ({ attributes: { to: int(type) } });

for (const [what, write] of Object.entries(rearranged)) {
  test(`a constant that is ${what} is stored as it comes out`, async () => {
    const g = createGraphBuilder({ name: 'g' });
    const data = Float32Array.from({ length: 24 }, (_, at) => at - 7);
    const result = write(g, g.initializer('c', tensor('float32', [2, 3, 4], data)));
    g.op('Neg', [result], { output: 'y' });
    g.output('y', 'float32', []);
    const model = open(g.build());
    const folded = { ...model, graph: foldConstants(model.graph) };
    assert.deepEqual(
      folded.graph.nodes.map(({ op }) => op),
      ['Neg'],
    );
    assert.deepEqual(await resultOf(folded), await resultOf(model));
  });
}

test('a weight that is turned within the graph is quantized like any other', () => {
  const g = createGraphBuilder({ name: 'g' });
  const data = Float32Array.from({ length: 12 }, (_, at) => Math.sin(at));
  const turned = g.op('Transpose', [g.initializer('w', tensor('float32', [3, 4], data))]);
  g.op('MatMul', [g.input('x', 'float32', ['N', 4]), turned], { output: 'y' });
  g.output('y', 'float32', ['N', 3]);
  const unit = { min: -1, max: 1 };
  const { model } = quantize(
    prepare(g.build()),
    new Map([
      ['x', unit],
      ['y', unit],
    ]),
    {
      ...{ activations: 'u8', perChannel: true, reduceRange: false },
    },
  );
  const types = [...model.graph.initializers.values()].map(({ dtype, dims }) => [dtype, dims]);
  assert.ok(types.some(([dtype, dims]) => dtype === 'int8' && String(dims) === '4,3'));
});

test('a constant that a caller may replace is not folded', () => {
  const g = createGraphBuilder({ name: 'g' });
  const c = g.initializer('c', tensor('float32', [2, 1], new Float32Array(2)));
  g.op('Neg', [g.op('Transpose', [c])], { output: 'y' });
  g.output('y', 'float32', [1, 2]);
  const { graph } = g.build();
  const given = { ...graph, inputs: [{ name: 'c', dtype: 'float32', dims: [2, 1] }] } as const;
  assert.deepEqual(foldConstants(given).nodes, graph.nodes);
});

/** Without the sizes of the output. */
function open(model: Model): Model {
  const outputs = model.graph.outputs.map((output) => ({ ...output, dims: undefined }));
  return { ...model, graph: { ...model.graph, outputs } };
}

async function resultOf(model: Model) {
  await using session = await createOnnxRuntime().load(writeModel(model), { optimise: 'none' });
  const { y } = await session.run({});
  assert.equal(y?.data.length, elementCount(y?.dims ?? []));
  return y;
}
