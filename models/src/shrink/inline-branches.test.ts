import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import type { Attribute, Model } from '../onnx/graph.ts';
import { readModel } from '../onnx/read.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, tensor } from '../tensor/tensor.ts';
import { freeze } from './freeze.ts';
import { inlineBranches } from './inline-branches.ts';
import { tidy } from './tidy.ts';

const runtime = createOnnxRuntime();

test('a frozen switch leaves only the branch it chooses, whatever names the branches use', async () => {
  for (const on of [0, 1]) {
    const model = freeze(switched(), { on: tensor('bool', [], new Uint8Array([on])) });
    const open = inlineBranches(model);
    assert.deepEqual(ops(open), [on === 1 ? 'Neg' : 'Exp', 'Identity', 'Sigmoid', 'Identity']);
    const feeds = { x: wave([1, 3]) };
    assert.deepEqual(await run(open, feeds), await run(model, feeds));
  }
});

test('a switch that is open stays', () => {
  assert.deepEqual(ops(inlineBranches(switched())), ['If', 'Sigmoid', 'Identity']);
});

test('a question about a rank is answered, and a branch in a branch with it', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [2, 3]);
  const rank = g.op('Gather', [g.op('Shape', [g.op('Shape', [x])]), g.ints([0])]);
  const isMatrix = g.op('Equal', [rank, g.ints([2])]);
  const inner = branch((b) => b.op('Neg', ['x']));
  const outer = branch((b) =>
    b.op('If', ['inner_asks'], {
      attributes: { then_branch: inner, else_branch: branch((c) => c.op('Exp', ['x'])) },
    }),
  );
  g.op('Not', [g.op('Cast', [isMatrix], { attributes: { to: { type: 'int', value: 9n } } })], {
    output: 'inner_asks',
  });
  const attributes = { then_branch: outer, else_branch: branch((b) => b.op('Abs', ['x'])) };
  g.op('If', [isMatrix], { attributes, output: 'y' });
  g.output('y', 'float32', [2, 3]);
  const open = tidy(g.build());
  assert.equal(ops(open).includes('If'), false);
  const feeds = { x: wave([2, 3]) };
  assert.deepEqual(await run(open, feeds), await run(g.build(), feeds));
});

const voices = [
  { file: 'silero_vad_v5.onnx', dims: { input: [1, 576], state: [2, 1, 128] } },
  { file: 'silero_vad_legacy.onnx', dims: { input: [1, 1536], h: [2, 1, 64], c: [2, 1, 64] } },
] as const;
for (const { file, dims } of voices) {
  test(`${file} at one rate is one network without branches, with the same outputs`, async () => {
    const folder = new URL('../../../node_modules/@ricky0123/vad-web/dist/', import.meta.url);
    const model = readModel(readFileSync(new URL(file, folder)));
    const rate = tensor('int64', [], new BigInt64Array([16_000n]));
    const open = tidy(inferShapes(freeze(model, { sr: rate }), dims));
    assert.equal(ops(open).includes('If'), false);
    const feeds = Object.fromEntries(
      Object.entries(dims).map(([name, sizes]) => [name, wave(sizes)] as const),
    );
    const [ours, theirs] = [await run(open, feeds), await run(model, { ...feeds, sr: rate })];
    // Weights that are constants now run in another kernel.
    for (const [at, values] of ours.entries()) {
      const worst = values.map((value, place) => Math.abs(value - (theirs[at]?.[place] ?? 9)));
      assert.ok(Math.max(...worst) < 1e-6, `${Math.max(...worst)}`);
    }
  });
}

/** An If with branches that use each other's names and one of the graph around them. */
function switched(): Model {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [1, 3]);
  const on = g.input('on', 'bool', []);
  const attributes = {
    then_branch: branch((b) => b.op('Neg', [x], { output: 'inner' })),
    else_branch: branch((b) => b.op('Exp', [x], { output: 'inner' })),
  };
  g.op('If', [on], { attributes, output: 'chosen' });
  g.op('Identity', [g.op('Sigmoid', ['chosen'], { output: 'soft' })], { output: 'y' });
  g.output('y', 'float32', [1, 3]);
  return g.build();
}

function branch(write: (g: GraphBuilder) => string): Attribute {
  const g = createGraphBuilder({ name: 'branch' });
  g.output(write(g), 'float32', ['rows', 'columns']);
  return { type: 'graph', value: g.build().graph };
}

function ops({ graph }: Model): readonly string[] {
  return graph.nodes.map((node) => node.op);
}

function wave(dims: readonly number[]) {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.sin(at) / 2);
  return tensor('float32', dims, data);
}

async function run(model: Model, feeds: Feeds): Promise<readonly Float32Array[]> {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  const results = await session.run(feeds);
  return model.graph.outputs.map(({ name }) => results[name]?.data as Float32Array);
}
