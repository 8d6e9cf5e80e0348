import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModel } from './decode.ts';
import type { Attribute, Graph, Initializer, Model, Node, ValueInfo } from './graph.ts';
import { elementTypes } from './schema.ts';
import { writeModel } from './write.ts';

const bytes = fc.uint8Array({ maxLength: 5 });
const float32 = fc.float({ noNaN: true });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const names = fc.string({ unit: 'binary', maxLength: 4 });
const dtype = fc.constantFrom(...(Object.keys(elementTypes) as (keyof typeof elementTypes)[]));

const arrays: Readonly<Record<string, (count: number) => Initializer['data']>> = {
  float32: (n) => Float32Array.from({ length: n }, (_, i) => i / 3),
  float64: (n) => Float64Array.from({ length: n }, (_, i) => i / 3),
  int8: (n) => Int8Array.from({ length: n }, (_, i) => -i),
  int16: (n) => Int16Array.from({ length: n }, (_, i) => -i),
  uint16: (n) => new Uint16Array(n).fill(65_535),
  int32: (n) => new Int32Array(n).fill(-7),
  uint32: (n) => new Uint32Array(n).fill(2 ** 32 - 1),
  int64: (n) => new BigInt64Array(n).fill(-(2n ** 63n)),
  uint64: (n) => new BigUint64Array(n).fill(2n ** 64n - 1n),
  string: (n) => Array.from({ length: n }, (_, i) => new Uint8Array(i)),
};

const constant = fc
  .record({ dtype, dims: fc.array(fc.nat(3), { maxLength: 3 }) })
  .map(({ dtype, dims }): Initializer => {
    const count = dims.reduce((product, size) => product * size, 1);
    const raw = (n: number) =>
      new Uint8Array(Math.ceil((n * elementTypes[dtype].bits) / 8)).fill(3);
    return { dtype, dims, data: (arrays[dtype] ?? raw)(count) } as Initializer;
  });

const size = fc.oneof(fc.nat(), fc.string({ minLength: 1, maxLength: 3 }), fc.constant(undefined));
const value: fc.Arbitrary<ValueInfo> = fc.oneof(
  fc.record({
    name: names,
    dtype,
    dims: fc.option(fc.array(size, { maxLength: 4 }), { nil: undefined }),
  }),
  // A sequence (TypeProto field 4) of some length.
  fc.record({
    name: names,
    dtype: fc.constant(undefined),
    dims: fc.constant(undefined),
    foreign: bytes.map((inner) => Uint8Array.of(0x22, inner.length, ...inner)),
  }),
);

const { graph } = fc.letrec<{ graph: Graph; node: Node; attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 2 },
    fc.record({ type: fc.constant('int' as const), value: int64 }),
    fc.record({ type: fc.constant('float' as const), value: float32 }),
    fc.record({ type: fc.constant('string' as const), value: bytes }),
    fc.record({ type: fc.constant('tensor' as const), value: constant }),
    fc.record({ type: fc.constant('ints' as const), value: fc.array(int64) }),
    fc.record({ type: fc.constant('floats' as const), value: fc.array(float32) }),
    fc.record({ type: fc.constant('strings' as const), value: fc.array(bytes) }),
    fc.record({ type: fc.constant('graph' as const), value: tie('graph') }),
    fc.record({
      type: fc.constant('graphs' as const),
      value: fc.array(tie('graph'), { maxLength: 2 }),
    }),
    fc.record({
      type: fc.constant('tensors' as const),
      value: fc.array(constant, { maxLength: 2 }),
    }),
    fc.record({ type: fc.constant('type' as const), value: bytes }),
  ),
  node: fc.record({
    name: names,
    op: names,
    domain: names,
    inputs: fc.array(names),
    outputs: fc.array(names),
    attributes: fc
      .array(fc.tuple(names, tie('attribute')), { maxLength: 3 })
      .map((a) => new Map(a)),
  }),
  graph: fc.record({
    name: names,
    nodes: fc.array(tie('node'), { maxLength: 2 }),
    inputs: fc.array(value, { maxLength: 2 }),
    outputs: fc.array(value, { maxLength: 2 }),
    initializers: fc.array(fc.tuple(names, constant), { maxLength: 2 }).map((c) => new Map(c)),
    values: fc
      .array(value, { maxLength: 2 })
      .map((list) => new Map(list.map((info) => [info.name, info]))),
  }),
}));

const model: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.integer({ min: 3, max: 13 }),
  producerName: names,
  producerVersion: names,
  opsets: fc
    .array(fc.tuple(names, fc.integer({ min: 1, max: 30 })), { minLength: 1 })
    .map((list) => new Map(list)),
  metadata: fc.array(fc.tuple(names, names)).map((list) => new Map(list)),
  graph,
});

test('any model is equal after write and read, and writes the same bytes again', () => {
  fc.assert(
    fc.property(model, (arbitrary) => {
      // The arbitrary's objects have no prototype, which deepEqual tells apart.
      const original = structuredClone(arbitrary);
      const written = writeModel(original);
      const again = decodeModel(written).model;
      assert.deepEqual(again, original);
      assert.deepEqual(writeModel(again), written);
    }),
    { seed: 11, numRuns: 300 },
  );
});
