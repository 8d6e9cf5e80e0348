import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { tensor } from '../tensor/tensor.ts';
import { float32sOf } from './float-bits.ts';
import type { Initializer, Model } from './graph.ts';
import { readModel } from './read.ts';
import { writeModel } from './write.ts';

const fixtures = new URL('../../fixtures/onnx/', import.meta.url);
const load = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, fixtures));
const x = new Tensor('float32', [-1, 2, -3, 4, -0.5, 6], [2, 3]);

for (const up of [true, false]) {
  test(`calls of functions become nodes with the same outputs (branch ${up})`, async () => {
    const before = load('functions');
    const model = readModel(before);
    assert.ok(model.graph.nodes.every(({ domain }) => domain === ''));
    assert.deepEqual([...model.opsets], [['', 17]]);
    const feeds = { a: x, up: new Tensor('bool', [up], []) };
    assert.deepEqual(await outputs(writeModel(model), feeds), await outputs(before, feeds));
  });
}

test('inlined nodes and values are named after the call', () => {
  const { graph } = readModel(load('functions'));
  const leaks = graph.nodes.filter(({ op }) => op === 'LeakyRelu');
  assert.deepEqual(
    leaks.map(({ name, outputs: [output], attributes }) => [name, output, attributes.get('alpha')]),
    [
      ['first/between/leak', 'first/between/small', { type: 'float', value: 0.25 }],
      ['h/leak', 'h/small', { type: 'float', value: 0.5 }],
      ['seen/leak', 'seen/small', { type: 'float', value: 0.25 }],
      ['b/leak', 'b/small', { type: 'float', value: 0.5 }],
    ],
  );
});

test('a function that calls itself is malformed', () => {
  refuses(() => readModel(load('functions-circle')), 'malformed', /Twice calls itself/);
});

test('sparse constants become dense, flat indices or one per axis', async () => {
  const { graph } = readModel(load('sparse'));
  const dense = Float32Array.of(0, 1.5, 0, 0, 0, 0, 0, 0, 4, 0, 0, -2);
  const held = graph.nodes.find(({ op }) => op === 'Constant')?.attributes.get('value')?.value;
  for (const constant of [graph.initializers.get('flat'), held as Initializer]) {
    assert.deepEqual(constant, { dtype: 'float32', dims: [3, 4], data: dense });
  }
  const before = load('sparse');
  const feeds = { x };
  assert.deepEqual(
    await outputs(writeModel(readModel(before)), feeds),
    await outputs(before, feeds),
  );
});

test('a constant that an old file lists as an input is no input', async () => {
  const before = load('old-ir');
  const model = readModel(before);
  assert.deepEqual(
    model.graph.inputs.map(({ name }) => name),
    ['x'],
  );
  assert.equal(model.irVersion, 4);
  const feeds = { x };
  assert.deepEqual(await outputs(writeModel(model), feeds), await outputs(before, feeds));
});

test('types that are no tensors survive read and write', async () => {
  const before = load('sequences');
  const model = readModel(before);
  const [, parts] = model.graph.outputs;
  assert.ok(parts?.foreign !== undefined && parts.dtype === undefined);
  const written = writeModel(model);
  assert.deepEqual(readModel(written), model);
  const session = await InferenceSession.create(written);
  assert.deepEqual(session.outputMetadata[1], {
    ...(await InferenceSession.create(before)).outputMetadata[1],
  });
  const feeds = { x: new Tensor('float32', [1, 2, 3, 4], [2, 2]) };
  const results = await session.run(feeds, ['y']);
  assert.deepEqual([...(results.y?.data ?? [])], [1, 2, 3, 4]);
});

test('nodes in the wrong order are put into the right one', () => {
  const names = readModel(load('unsorted')).graph.nodes.map(({ name }) => name);
  assert.deepEqual(names, ['first', 'last']);
});

test('large constants go to a file of their own and come back', async () => {
  const model = readModel(load('torch-cnn-17'));
  const file = new Uint8Array(100_000);
  let end = 0;
  const bytes = writeModel(model, {
    external: {
      location: 'weights/cnn.bin',
      fromBytes: 64,
      write: (part, offsetBytes) => {
        assert.ok(offsetBytes >= end && offsetBytes % 64 === 0);
        file.set(part, offsetBytes);
        end = offsetBytes + part.length;
      },
    },
  });
  assert.ok(end > 1000 && bytes.length < load('torch-cnn-17').length);
  const external = (location: string, offsetBytes: number, lengthBytes = 0): Uint8Array => {
    assert.equal(location, 'weights/cnn.bin');
    return file.subarray(offsetBytes, offsetBytes + lengthBytes);
  };
  assert.deepEqual(readModel(bytes, { external }), model);
  const externalData = [{ path: 'weights/cnn.bin', data: file.subarray(0, end) }];
  const session = await InferenceSession.create(bytes, { externalData });
  assert.ok(session.inputNames.length > 0);
});

test('constants beyond 4 GiB are written to and read from offsets beyond it', () => {
  // Pages that nobody touches: the memory of one constant stands for all.
  const data = new Float32Array(2 ** 28);
  const names = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5'];
  const weights = names.map(
    (name) => [name, { ...tensor('float32', [2 ** 28], data) }] as [string, Initializer],
  );
  const base = readModel(load('torch-cnn-17'));
  const model: Model = {
    ...base,
    graph: { ...base.graph, initializers: new Map([...base.graph.initializers, ...weights]) },
  };
  refuses(() => writeModel(model), 'unsupported', /2 GiB/);
  const offsets: number[] = [];
  const sink = {
    location: 'big.bin',
    fromBytes: 2 ** 30,
    write: (_: Uint8Array, offsetBytes: number): void => void offsets.push(offsetBytes),
  };
  const bytes = writeModel(model, { external: sink });
  assert.deepEqual(
    offsets,
    names.map((_, at) => at * 2 ** 30),
  );
  const asked: number[] = [];
  const again = readModel(bytes, {
    external: (_, offsetBytes) => {
      asked.push(offsetBytes);
      return new Uint8Array(data.buffer);
    },
  });
  assert.deepEqual(asked, offsets);
  assert.equal(again.graph.initializers.get('w5')?.data.length, 2 ** 28);
});

test('float16, bfloat16 and float64 constants are numbers', () => {
  const half = (...bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);
  const read = (dtype: string, data: unknown) => {
    return [...(float32sOf({ dtype, dims: [], data } as Initializer) ?? [])];
  };
  assert.deepEqual(
    read('float16', half(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00, 0xfc00, 0x3555)),
    [1, -2, 2 ** -24, 65_504, -0, Infinity, -Infinity, 0.333251953125],
  );
  assert.ok(Number.isNaN(read('float16', half(0x7e00))[0]));
  assert.deepEqual(read('bfloat16', half(0x3f80, 0xc040, 0x7f80)), [1, -3, Infinity]);
  assert.deepEqual(read('float16', half(0, 0x3c00).subarray(2)), [1]);
  assert.deepEqual(read('float64', Float64Array.of(0.1)), [Math.fround(0.1)]);
  assert.equal(float32sOf(tensor('int8', [1], Int8Array.of(1))), undefined);
});

function refuses(action: () => unknown, code: string, message: RegExp): void {
  assert.throws(
    action,
    (error) => error instanceof FleetError && error.code === code && message.test(error.message),
  );
}

async function outputs(bytes: Uint8Array, feeds: Record<string, Tensor>): Promise<unknown> {
  const session = await InferenceSession.create(bytes);
  const results = await session.run(feeds);
  return Object.entries(results).map(([name, { dims, data }]) => ({ name, dims, data }));
}
