import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeNpz } from '@edgewise/models/data';
import {
  createGraphBuilder,
  type GraphBuilder,
  type Model,
  writeModel,
} from '@edgewise/models/onnx';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import { exitCodes } from './io.ts';
import { runCommand } from './testing/run-command.ts';
import { wave } from './testing/small-models.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-advice-'));
  await writeFile(path.join(folder, 'rate.onnx'), writeModel(chosenBy(byRate)));
  await writeFile(path.join(folder, 'size.onnx'), writeModel(chosenBy(bySize)));
  const samples = new Map<string, Tensor>([
    ['x', tensor('float32', [6, 1, 8], wave(48))],
    ['rate', tensor('int64', [6], new BigInt64Array(6).fill(16n))],
  ]);
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(samples));
});
after(() => rm(folder, { recursive: true }));

const whole = (value: bigint) => tensor('int64', [], BigInt64Array.of(value));
const byRate = (g: GraphBuilder): string => g.op('Equal', ['rate', g.initializer('c', whole(16n))]);
const bySize = (g: GraphBuilder): string => {
  const wide = g.op('Gather', [g.op('Shape', ['x']), g.initializer('axis', whole(1n))]);
  const isWide = g.op('Equal', [wide, g.initializer('c', whole(8n))]);
  const known = g.op('GreaterOrEqual', ['rate', 'rate'], { output: 'known' });
  g.op('Not', [known], { output: 'unused' });
  return isWide;
};

/** A product with eight rows inside a branch that `condition` chooses; x is [1, wide]. */
function chosenBy(condition: (g: GraphBuilder) => string): Model {
  const branch = (op: string) => {
    const inner = createGraphBuilder({ name: op });
    const weights = inner.initializer(`${op}-w`, tensor('float32', [8, 4], wave(32)));
    const product = inner.op('MatMul', ['x', weights], { output: `${op}-h` });
    inner.op(op, [product], { output: `${op}-out` });
    inner.output(`${op}-out`, 'float32', [1, 4]);
    return { type: 'graph', value: inner.build().graph } as const;
  };
  const g = createGraphBuilder({ name: 'g' });
  g.input('x', 'float32', [1, 'wide']);
  g.input('rate', 'int64', []);
  const attributes = { then_branch: branch('Relu'), else_branch: branch('Sigmoid') };
  g.op('If', [condition(g)], { attributes, output: 'y' });
  g.output('y', 'float32', [1, 4]);
  return g.build();
}

const quantize = (model: string, ...more: readonly string[]) =>
  runCommand(
    folder,
    ...['quantize', model, '--calibration', 'x.npz', '--out', 'out.onnx', '--limit', '6', ...more],
  );

test('a model of which nothing can be int8 is refused with the reason and what to try', async () => {
  const { code, notes } = await quantize('rate.onnx');
  assert.equal(code, exitCodes.failed, notes);
  assert.match(notes, /float {2}it lies inside y \(If\): 2 MatMul, 1 Relu, 1 Sigmoid/);
  assert.match(notes, /rate\.onnx: None of its 6 nodes can compute in int8; nothing is written\./);
  assert.match(notes, /Try --freeze rate=16 where it is always the same: it decides y \(If\)\./);
  assert.ok(!(await readdir(folder)).includes('out.onnx'));
});

test('what is advised opens the branches: a frozen input, and a fixed size', async () => {
  const frozen = await quantize('rate.onnx', '--freeze', 'rate=16', '--json');
  assert.equal(frozen.code, exitCodes.done, frozen.notes);
  assert.deepEqual(
    (JSON.parse(frozen.out).quantized as { op: string }[]).map(({ op }) => op),
    ['MatMul', 'Relu'],
  );
  const open = await quantize('size.onnx');
  assert.match(
    open.notes,
    /Try --shape x=1,8 where sizes are always these: they decide y \(If\)\./,
  );
  const fixed = await quantize('size.onnx', '--shape', 'x=1,8', '--json');
  assert.equal(fixed.code, exitCodes.done, fixed.notes);
  const { quantized, advice, options } = JSON.parse(fixed.out);
  assert.equal(quantized.length, 2);
  assert.deepEqual([advice, options.shape], [[], ['x=1,8']]);
  const { inputs } = JSON.parse((await runCommand(folder, 'inspect', 'out.onnx', '--json')).out);
  assert.deepEqual(inputs[0].dims, [1, 8]);
});

test('a size that is fixed for one command is fixed for all', async () => {
  await quantize('size.onnx', '--shape', 'x=1,8');
  const words = ['compare', 'size.onnx', 'out.onnx', '--data', 'x.npz', '--shape', 'x=1,8'];
  const { code, notes } = await runCommand(folder, ...words);
  assert.equal(code, exitCodes.done, notes);
  const open = await runCommand(folder, 'inspect', 'size.onnx');
  assert.match(open.out, /inside {6}4 nodes with 64 parameters lie inside y \(If\)/);
  const fixed = await runCommand(folder, 'inspect', 'size.onnx', '--shape', 'x=1,8');
  assert.match(fixed.out, /inputs {6}x float32 \[1, 8\]/);
  const wrong = await runCommand(folder, 'inspect', 'size.onnx', '--shape', 'x=2,8');
  assert.equal(wrong.code, exitCodes.usage);
  assert.match(wrong.notes, /size\.onnx: "x" takes \[1, wide\], not \[2, 8\]/);
});

test('what the tool would write is written all the same', async () => {
  const { code, out, notes } = await quantize('rate.onnx', '--like-onnxruntime', '--json');
  assert.equal(code, exitCodes.done, notes);
  assert.equal(JSON.parse(out).quantized.length, 0);
});

test('a shape that is none is refused, and so is one of no input', async () => {
  assert.match(
    (await quantize('rate.onnx', '--shape', 'x=1,big')).notes,
    /--shape takes x=1,3,224/,
  );
  assert.match((await quantize('rate.onnx', '--shape', 'q=1')).notes, /no input "q", only x, rate/);
});
