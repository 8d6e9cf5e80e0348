import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Session } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { arrays, dtypes, type Tensor, tensor } from '../tensor/tensor.ts';
import { chooseExtremes, makeGolden } from './golden.ts';
import { decodeGolden, encodeGolden } from './golden-file.ts';
import { checkParity } from './parity.ts';

/** probabilities = softmax(scale * x), from three uint8 numbers. */
function load(scale: number): Promise<Session> {
  const graph = createGraphBuilder({ name: 'soft' });
  const x = graph.input('x', 'uint8', ['batch', 3]);
  const to = { type: 'int', value: 1n } as const;
  const float = graph.op('Cast', [x], { attributes: { to } });
  const scaled = graph.op('Mul', [float, graph.scalar(scale)]);
  graph.op('Softmax', [scaled], { output: 'probabilities' });
  graph.output('probabilities', 'float32', ['batch', 3]);
  return createOnnxRuntime().load(writeModel(graph.build()), { optimise: 'none' });
}

const candidates: Feeds = {
  x: tensor(
    'uint8',
    [50, 3],
    Uint8Array.from({ length: 150 }, (_, index) => (index * 89) % 200),
  ),
};
const options = { parity: { tolerance: 1e-6, topAgreement: 1 }, topOutput: 'probabilities' };

test('a graph agrees with its own golden vectors after they went through the file', async () => {
  await using session = await load(0.02);
  const golden = decodeGolden(encodeGolden(await makeGolden(session, candidates)));
  assert.equal(golden.vectors, 32);
  assert.deepEqual(golden.outputs.probabilities?.dims, [32, 3]);
  const certificate = await checkParity(session, golden, options);
  assert.deepEqual(certificate, {
    ...{ vectors: 32, largestDeviation: 0, allowed: 1e-6, output: 'probabilities' },
    ...{ topAgreement: 1, ok: true },
  });
});

test('a graph with other answers is found out by deviation and by its top classes', async () => {
  await using right = await load(0.02);
  await using close = await load(0.021);
  await using reversed = await load(-0.02);
  const golden = await makeGolden(right, candidates, { vectors: 10 });
  const deviating = await checkParity(close, golden, options);
  assert.equal(deviating.ok, false);
  assert.equal(deviating.topAgreement, 1);
  assert.ok(deviating.largestDeviation > 1e-4 && deviating.largestDeviation < 0.1);
  const loose = { ...options, parity: { tolerance: 1, topAgreement: 0.9 } };
  assert.equal((await checkParity(close, golden, loose)).ok, true);
  assert.equal((await checkParity(reversed, golden, loose)).ok, false);
});

test('each output has a limit of its own, and the one furthest beyond is named', async () => {
  const twoOutputs = (first: number, second: number) => {
    const graph = createGraphBuilder({ name: 'two' });
    const x = graph.input('x', 'float32', ['batch', 1]);
    graph.op('Mul', [x, graph.scalar(first)], { output: 'small' });
    graph.op('Mul', [x, graph.scalar(second)], { output: 'large' });
    for (const name of ['small', 'large']) graph.output(name, 'float32', ['batch', 1]);
    return createOnnxRuntime().load(writeModel(graph.build()));
  };
  await using right = await twoOutputs(1, 100);
  await using other = await twoOutputs(1.125, 101);
  const golden = await makeGolden(right, { x: tensor('float32', [2, 1], Float32Array.of(0, 1)) });
  const parity = { tolerance: 2, topAgreement: 0 };
  assert.equal((await checkParity(other, golden, { parity })).ok, true);
  const limited = { ...parity, outputs: { small: 0.0625, large: 2 } };
  assert.deepEqual(await checkParity(other, golden, { parity: limited }), {
    ...{ vectors: 2, largestDeviation: 0.125, allowed: 0.0625, output: 'small' },
    ...{ topAgreement: 1, ok: false },
  });
});

test('an output is limited whatever its name', async () => {
  const named = (slope: number) => {
    const graph = createGraphBuilder({ name: 'named' });
    const x = graph.input('x', 'float32', ['batch', 1]);
    graph.op('Mul', [x, graph.scalar(slope)], { output: 'constructor' });
    graph.output('constructor', 'float32', ['batch', 1]);
    return createOnnxRuntime().load(writeModel(graph.build()));
  };
  await using right = await named(1);
  await using other = await named(2);
  const golden = await makeGolden(right, { x: tensor('float32', [2, 1], Float32Array.of(0, 1)) });
  const parity = { tolerance: 0.5, topAgreement: 0, outputs: {}, rms: {} };
  assert.equal((await checkParity(other, golden, { parity })).ok, false);
});

test('an output that is no number never passes', async () => {
  await using session = await load(Number.NaN);
  await using right = await load(0.02);
  const golden = await makeGolden(right, candidates, { vectors: 2 });
  const loose = { ...options, parity: { tolerance: 1e30, topAgreement: 0 } };
  const certificate = await checkParity(session, golden, loose);
  assert.equal(certificate.ok, false);
  assert.equal(JSON.parse(JSON.stringify(certificate)).largestDeviation, Number.MAX_VALUE);
});

test('chosen inputs reach both ends of every observed range', async () => {
  await using session = await load(0.02);
  const data = new Uint8Array(300).fill(100);
  data[3 * 77] = 140;
  data[3 * 33 + 1] = 1;
  const spiky = { x: tensor('uint8', [100, 3], data) };
  const chosen = await chooseExtremes(session)(spiky, 8);
  assert.equal(chosen.length, 8);
  assert.equal(new Set(chosen).size, 8);
  assert.ok(chosen.includes(77) && chosen.includes(33));
});

test('no more inputs are chosen than the ends need, and what reaches most comes first', async () => {
  const graph = createGraphBuilder({ name: 'parts' });
  const column = (part: number) => {
    const data = Float32Array.from({ length: 100 }, (_, index) => 100 + (index % 7));
    if (part < 5) data[40] = 1;
    data[60] = 255;
    if (part === 5) data[80] = 1;
    return tensor('float32', [100, 1], data);
  };
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) {
    graph.op('Identity', [graph.input(name, 'float32', ['batch', 1])], { output: `${name}_out` });
    graph.output(`${name}_out`, 'float32', ['batch', 1]);
  }
  await using session = await createOnnxRuntime().load(writeModel(graph.build()));
  const candidates = Object.fromEntries(names.map((name, part) => [name, column(part)]));
  const chosen = await chooseExtremes(session, { least: 1 })(candidates, 50);
  assert.deepEqual(chosen, [60, 40, 80]);
  assert.deepEqual(await chooseExtremes(session, { least: 1 })(candidates, 2), [60, 40]);
});

test('golden vectors of every element type survive the file', () => {
  for (const dtype of dtypes) {
    const wide = dtype === 'int64' || dtype === 'uint64';
    const data = wide ? new BigInt64Array([1n, 2n, 3n]) : new Uint8Array([1, 0, 1]);
    const x = (dtype === 'bool' || wide ? { dtype, dims: [3], data } : toTensor(dtype)) as Tensor;
    const golden = { vectors: 3, inputs: { x }, outputs: { y: x } };
    const back = decodeGolden(encodeGolden(golden)).outputs.y;
    assert.deepEqual(
      [back?.dtype, back?.dims, [...(back?.data ?? [])].map(Number)],
      [dtype, [3], [...x.data].map(Number)],
    );
  }
});

function toTensor(dtype: (typeof dtypes)[number]): Tensor {
  return { dtype, dims: [3], data: arrays[dtype as 'float32'].from([1, 2, 3]) } as Tensor;
}

test('a header that announces more or less than there is is malformed', async () => {
  await using session = await load(0.02);
  const bytes = encodeGolden(await makeGolden(session, candidates, { vectors: 40 }));
  for (const vectors of ['39', '41', '99']) {
    const changed = new TextDecoder('latin1').decode(bytes).replaceAll('40', vectors);
    const forged = Uint8Array.from(changed, (_, index) =>
      index < 200 ? changed.charCodeAt(index) : (bytes[index] ?? 0),
    );
    assert.throws(() => decodeGolden(forged), /malformed/, vectors);
  }
});

test('golden vectors cut anywhere are malformed', async () => {
  await using session = await load(0.02);
  const bytes = encodeGolden(await makeGolden(session, candidates, { vectors: 4 }));
  for (let length = 0; length < bytes.length; length += 5) {
    assert.throws(
      () => decodeGolden(bytes.subarray(0, length)),
      (thrown) => thrown instanceof FleetError && thrown.code === 'malformed',
      `cut at ${length}`,
    );
  }
});

test('many small deviations are refused by their mean where the manifest limits it', async () => {
  const along = (slope: number) => {
    const graph = createGraphBuilder({ name: 'line' });
    const x = graph.input('x', 'float32', ['batch', 4]);
    graph.op('Mul', [x, graph.scalar(slope)], { output: 'y' });
    graph.output('y', 'float32', ['batch', 4]);
    return createOnnxRuntime().load(writeModel(graph.build()));
  };
  await using right = await along(1);
  await using other = await along(1.25);
  const x = tensor('float32', [2, 4], new Float32Array(8).fill(1));
  const golden = await makeGolden(right, { x });
  const parity = { tolerance: 0.5, topAgreement: 0 };
  assert.equal((await checkParity(other, golden, { parity })).ok, true);
  assert.deepEqual(await checkParity(other, golden, { parity: { ...parity, rms: { y: 0.125 } } }), {
    ...{ vectors: 2, largestDeviation: 0.25, allowed: 0.5, output: 'y' },
    ...{ rms: 0.25, allowedRms: 0.125, topAgreement: 1, ok: false },
  });
});
