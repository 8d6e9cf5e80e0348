import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeNpz } from '@edgewise/models/data';
import { writeModel } from '@edgewise/models/onnx';
import { exitCodes } from './io.ts';
import { runCommand } from './testing/run-command.ts';
import { dense, samples, wave } from './testing/small-models.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-measured-'));
  await writeFile(path.join(folder, 'm.onnx'), writeModel(dense()));
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(new Map([['x', samples(8, 8)]])));
});
after(() => rm(folder, { recursive: true }));

const said = (...words: readonly string[]) => runCommand(folder, ...words);
const quantize = (...more: readonly string[]) =>
  said('quantize', 'm.onnx', '--calibration', 'x.npz', '--out', 'o.onnx', ...more);

test('quantize --json says with which options the model was shrunk', async () => {
  const plain = await quantize('--json');
  assert.deepEqual(JSON.parse(plain.out).options, {
    ...{ activations: 'u8', weights: 's8', perTensor: false, reduceRange: false, weightBits: 8 },
    ...{ adaRound: false, likeOnnxruntime: false, calibrate: 'minmax', exclude: [] },
  });
  const words = ['--activations', 's8', '--per-tensor', '--calibrate', 'percentile'];
  const other = await quantize('--json', ...words, '--exclude', 'h', '--percentile', '99.9');
  const { activations, perTensor, percentile, exclude } = JSON.parse(other.out).options;
  assert.deepEqual([activations, perTensor, percentile, exclude], ['s8', true, 99.9, ['h']]);
});

test('weights of four bits leave the file as large as it is, and that is said', async () => {
  const [eight, four] = [
    await quantize(),
    await quantize('--weight-bits', '4', '--report', 'p.html'),
  ];
  const size = /^o\.onnx: (.*), [\d.]+ % of (.*)$/m;
  assert.deepEqual(size.exec(four.out)?.slice(1), size.exec(eight.out)?.slice(1));
  const why = /weights have 4 bits, each stored in a whole byte: .* \(gzip: [\d.]+ K?i?B\)/;
  assert.match(four.out, why);
  assert.match(await readFile(path.join(folder, 'p.html'), 'utf8'), why);
  assert.doesNotMatch(eight.out, /whole byte/);
});

test('builds for device classes stand below the float model', async () => {
  const { out } = await quantize('--for', 'x64,arm64');
  const [float = '', first = ''] = out.split('\n');
  assert.match(float, /^m\.onnx: float32, [\d.]+ K?i?B$/);
  assert.match(first, /^o\.arm64\.onnx: s8s8, /);
});

test('weights alone are stored in int8 without data, and in int4 in half of that', async () => {
  const big = dense({ weights: wave(512), rows: 128 });
  const inputs = big.graph.inputs.map((value) => ({ ...value, dims: ['n', 128] }));
  const wide = { ...big, graph: { ...big.graph, inputs } };
  await writeFile(path.join(folder, 'big.onnx'), writeModel(wide));
  await writeFile(path.join(folder, 'big.npz'), encodeNpz(new Map([['x', samples(8, 128)]])));
  const store = (...more: readonly string[]) =>
    said('quantize', 'big.onnx', '--weight-only', '--out', 'w.onnx', '--json', ...more);
  const eight = await store();
  assert.equal(eight.code, exitCodes.done, eight.notes);
  assert.deepEqual(JSON.parse(eight.out).weights, ['w']);
  const learned = ['--weight-bits', '4', '--ada-round', '--calibration', 'big.npz'];
  for (const more of [learned.slice(0, 2), learned]) {
    const four = await store(...more);
    assert.equal(four.code, exitCodes.done, four.notes);
    const [less, all] = [four, eight].map(({ out }) => JSON.parse(out).bytesAfter);
    assert.ok(Math.abs(all - less - 256) < 20, `${less} of ${all}`);
    const compared = ['compare', 'big.onnx', 'w.onnx', '--data', 'big.npz', '--json'];
    const { outputs } = JSON.parse((await said(...compared)).out);
    assert.ok(outputs[0].sqnrDb > 10, `${outputs[0].sqnrDb} dB`);
  }
  const { out } = await said('inspect', 'w.onnx');
  assert.match(out, /parameters {2}516, 99\.22 % of them in 8 bits or fewer/);
  const refusals = [
    [['--report', 'r.html'], /leave --report out/],
    [['--weight-bits', '3'], /goes with --weight-bits 8 or 4/],
    [['--ada-round'], /Give --calibration DATA/],
  ] as const;
  for (const [more, reason] of refusals) {
    const refused = await store(...more);
    assert.equal(refused.code, exitCodes.usage);
    assert.match(refused.out, reason);
  }
  const small = await said('quantize', 'm.onnx', '--weight-only', '--out', 'w.onnx');
  assert.match(small.notes, /m\.onnx: No weight of it has 256 numbers or more/);
});

test('the size before is that of the file', async () => {
  const { out } = await quantize('--json');
  const { size } = await stat(path.join(folder, 'm.onnx'));
  assert.equal(JSON.parse(out).bytesBefore, size);
});

test('equal models are infinitely like each other, in JSON too', async () => {
  const { out } = await said('compare', 'm.onnx', 'm.onnx', '--data', 'x.npz', '--json');
  assert.equal(JSON.parse(out).outputs[0].sqnrDb, 'Infinity');
});

test('nothing is measured with no run, and no sample is not a limit', async () => {
  for (const words of [
    ['compare', 'm.onnx', 'm.onnx', '--data', 'x.npz', '--runs', '0'],
    ['compare', 'm.onnx', 'm.onnx', '--data', 'x.npz', '--limit', '0'],
  ]) {
    const { code, notes } = await said(...words);
    assert.equal(code, exitCodes.usage);
    assert.match(notes, /--(runs|limit) takes a whole number from 1, not "0"/);
  }
});

test('inspect does not leave data unused, and does not praise a model without int8 layers', async () => {
  const unused = await said('inspect', 'm.onnx', '--data', 'x.npz');
  assert.equal(unused.code, exitCodes.usage);
  assert.match(unused.notes, /--data goes with --float or --saturation/);
  const float = await said('inspect', 'm.onnx', '--data', 'x.npz', '--saturation', 'x64');
  assert.match(float.out, /It has no int8 layer: nothing can saturate/);
  assert.doesNotMatch(float.out, /No layer would be wrong/);
});

test('a model whose maker is not told is followed by no empty place', async () => {
  await writeFile(
    path.join(folder, 'quiet.onnx'),
    writeModel({ ...dense(), producerName: '', producerVersion: '' }),
  );
  const { out } = await said('inspect', 'quiet.onnx');
  assert.match(out.split('\n')[0] ?? '', /operator set \d+$/);
});

test('sizes that the model leaves open are those of the data', async () => {
  const { graph, ...rest } = dense();
  const inputs = graph.inputs.map((value) => ({ ...value, dims: ['n', 'wide'] }));
  await writeFile(
    path.join(folder, 'open.onnx'),
    writeModel({ ...rest, graph: { ...graph, inputs } }),
  );
  const words = ['inspect', 'open.onnx', '--json'];
  const measured = ['--data', 'x.npz', '--saturation', 'x64'];
  const [closed, open] = [await said(...words, ...measured), await said(...words)];
  assert.deepEqual(JSON.parse(closed.out).inputs[0].dims, [1, 8]);
  assert.deepEqual(JSON.parse(open.out).inputs[0].dims, [1, 'wide']);
});

test('a way that won by chance only is not taken, and that is said', async () => {
  const { how, candidates } = JSON.parse((await quantize('--calibrate', 'auto', '--json')).out);
  const [best] = candidates.toSorted((a: Candidate, b: Candidate) => a.error - b.error);
  assert.deepEqual(how, { method: 'minmax', equalize: false, correctBias: false });
  assert.ok(best.correctBias || best.equalize || best.method !== 'minmax');
  const { out } = await quantize('--calibrate', 'auto');
  assert.match(out, /taken: minmax; nothing was better by more than chance$/);
});

interface Candidate {
  readonly error: number;
}
