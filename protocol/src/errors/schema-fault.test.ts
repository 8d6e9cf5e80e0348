import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { documentReader } from '../channels/body.ts';
import { FleetError } from './fleet-error.ts';
import { schemaFault } from './schema-fault.ts';

const Sweep = Type.Object(
  { method: Type.Enum(['grid', 'random']), kind: Type.Optional(Type.Literal('x')) },
  { additionalProperties: false },
);
const faultOf = (schema: TSchema, value: unknown) => schemaFault(Value.Errors(schema, value));

test('a fault names its place and what is allowed', () => {
  assert.equal(faultOf(Sweep, { method: 'grid' }), undefined);
  const cases: readonly (readonly [unknown, string, string])[] = [
    [{ method: 'grod' }, 'method', 'must be one of grid, random'],
    [{}, '', 'lacks method'],
    [{ method: 'grid', trails: 1 }, '', 'has unknown fields: trails'],
    [{ method: 'grid', kind: 'y' }, 'kind', 'must be "x"'],
    [[], '', 'must be object'],
  ];
  for (const [value, place, fault] of cases) {
    assert.deepEqual(faultOf(Sweep, value), { place, fault }, JSON.stringify(value));
  }
});

test('a document that does not fit is refused with the name of its surplus field', () => {
  const read = documentReader(Sweep);
  const bytes = new TextEncoder().encode('{"method": "grid", "trails": 3}');
  assert.throws(
    () => read(bytes, 1000),
    (error) => error instanceof FleetError && /It has unknown fields: trails/.test(error.message),
  );
});
