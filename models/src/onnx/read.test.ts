import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementCount, tensor } from '../tensor/tensor.ts';
import type { Initializer, Model, ValueInfo } from './graph.ts';
import { readModel } from './read.ts';
import { writeModel } from './write.ts';

const fixtures = new URL('../../fixtures/onnx/', import.meta.url);
const load = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, fixtures));

const whole = [
  'torch-cnn-13',
  'torch-cnn-15',
  'torch-cnn-17',
  'torch-cnn-18',
  'torch-cnn-20',
  'torch-cnn-21',
  'torch-block-13',
  'torch-block-18',
  'torch-loop-17',
  'branches',
];

for (const name of whole) {
  test(`${name} gives the same outputs after read and write`, async () => {
    const before = load(name);
    const model = readModel(before);
    const feeds = feedsOf(model);
    assert.deepEqual(await outputs(writeModel(model), feeds), await outputs(before, feeds));
  });
}

for (const name of [...whole, 'typed-data']) {
  test(`${name} is equal after write and read`, () => {
    const model = readModel(load(name));
    assert.deepEqual(readModel(writeModel(model)), model);
  });
}

test('constants in typed fields are read for every element type', () => {
  const { graph, metadata } = readModel(load('typed-data'));
  const data = (name: string) => graph.initializers.get(name)?.data;
  assert.deepEqual(data('float32'), new Float32Array([0, 1, 100, -3]));
  assert.deepEqual(data('float64'), new Float64Array([0, 1, 100, -3]));
  assert.deepEqual(data('int8'), new Int8Array([0, 1, 100, -3]));
  assert.deepEqual(data('uint8'), new Uint8Array([0, 1, 100, 3]));
  assert.deepEqual(data('int16'), new Int16Array([0, 1, 100, -3]));
  assert.deepEqual(data('uint16'), new Uint16Array([0, 1, 100, 3]));
  assert.deepEqual(data('int32'), new Int32Array([0, 1, 100, -3]));
  assert.deepEqual(data('uint32'), new Uint32Array([0, 1, 100, 3]));
  assert.deepEqual(data('int64'), new BigInt64Array([0n, 1n, 100n, -3n]));
  assert.deepEqual(data('uint64'), new BigUint64Array([0n, 1n, 100n, 3n]));
  assert.deepEqual(data('bool'), new Uint8Array([0, 1, 1, 0]));
  assert.deepEqual(data('float16'), new Uint8Array([0, 0, 0, 0x3c, 0x40, 0x56, 0, 0xc2]));
  const texts = data('string') as readonly Uint8Array[];
  assert.deepEqual(
    texts.map((text) => new TextDecoder().decode(text)),
    ['left', 'größe'],
  );
  assert.deepEqual([...metadata], [['license', 'Apache-2.0']]);
});

test('constants are views into the file where their alignment allows', () => {
  const weight = tensor('uint8', [3], new Uint8Array([1, 2, 3]));
  const bytes = writeModel(withConstant(weight));
  const data = readModel(bytes).graph.initializers.get('w')?.data as Uint8Array;
  assert.equal(data.buffer, bytes.buffer);
});

test('a file cut anywhere is malformed, and no other error escapes', () => {
  const bytes = load('torch-cnn-17');
  for (let length = 0; length < bytes.length - 40; length += 7) {
    refuses(() => readModel(bytes.subarray(0, length)), 'malformed');
  }
  refuses(() => readModel(bytes.subarray(0, bytes.length / 2)), 'malformed');
});

test('flipped bytes give a model or a typed error, never another one', () => {
  const bytes = load('torch-cnn-13');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const broken = Uint8Array.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ mask;
      try {
        readModel(broken);
      } catch (error) {
        assert.ok(error instanceof FleetError, String(error));
      }
    }),
    { seed: 3, numRuns: 2000 },
  );
});

test('a file that is no ONNX model is malformed', () => {
  refuses(() => readModel(new TextEncoder().encode('PK not a model at all')), 'malformed');
  refuses(() => readModel(new Uint8Array(0)), 'malformed');
});

test('external data is refused without a folder and read through the port with one', () => {
  refuses(() => readModel(load('external')), 'unsupported');
  const asked: unknown[] = [];
  const model = readModel(load('external'), {
    external: (...request) => {
      asked.push(request);
      return readFileSync(new URL('external.weights', fixtures));
    },
  });
  assert.deepEqual(asked, [['external.weights', 0, 32]]);
  assert.deepEqual(
    model.graph.initializers.get('w')?.data,
    Float32Array.from({ length: 8 }, (_, i) => i),
  );
});

test('external data that leaves its folder is refused before the port is asked', () => {
  const external = (): Uint8Array => assert.fail('asked');
  refuses(() => readModel(load('external-escape'), { external }), 'malformed');
  refuses(() => readModel(load('external-escape')), 'malformed');
});

test('a constant whose bytes do not fit its shape is malformed', () => {
  const lying = { dtype: 'float32', dims: [2, 2], data: new Float32Array(3) } as const;
  refuses(() => readModel(writeModel(withConstant(lying))), 'malformed');
});

test('a constant with an absurd number of sizes is read or refused like any other', () => {
  const dims = new Array<number>(300_000).fill(1);
  const flat = { dtype: 'float32', dims, data: new Float32Array(1) } as const;
  const read = readModel(writeModel(withConstant(flat))).graph.initializers.get('w');
  assert.equal(read?.dims.length, dims.length);
  const lying = { ...flat, data: new Float32Array(2) };
  refuses(() => readModel(writeModel(withConstant(lying))), 'malformed');
});

function refuses(action: () => unknown, code: string): void {
  assert.throws(action, (error) => error instanceof FleetError && error.code === code);
}

function withConstant(constant: Initializer): Model {
  const model = readModel(load('torch-cnn-17'));
  const initializers = new Map([...model.graph.initializers, ['w', constant] as const]);
  return { ...model, graph: { ...model.graph, initializers } };
}

function feedsOf(model: Model): Record<string, Tensor> {
  const constants = model.graph.initializers;
  const given = model.graph.inputs.filter(({ name }) => !constants.has(name));
  return Object.fromEntries(given.map((input) => [input.name, feed(input)]));
}

function feed({ dtype, dims }: ValueInfo): Tensor {
  const sizes = (dims ?? []).map((size) => (typeof size === 'number' ? size : 2));
  const count = elementCount(sizes);
  if (dtype === 'bool') return new Tensor('bool', [1], sizes);
  if (dtype === 'int64') return new Tensor('int64', new BigInt64Array(count).fill(3n), sizes);
  return new Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    sizes,
  );
}

async function outputs(bytes: Uint8Array, feeds: Record<string, Tensor>): Promise<unknown> {
  const session = await InferenceSession.create(bytes);
  const results = await session.run(feeds);
  return Object.entries(results).map(([name, { dims, data }]) => ({ name, dims, data }));
}
