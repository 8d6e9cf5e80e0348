import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceClasses } from '@edgewise/protocol';
import { optimiseFor, plannedClasses, planVariant, planVariants, schemesOf } from './plan.ts';

test('each processor gets the arithmetic it is right and fast with', () => {
  assert.deepEqual(
    planVariants(deviceClasses).map(({ deviceClass, scheme }) => [deviceClass, scheme]),
    [
      ['arm64', 's8s8'],
      ['arm64-dot', 's8s8'],
      ['web-wasm', 'weight-only'],
      ['x64', 'u8s8-reduced'],
      ['x64-vnni', 'u8s8'],
    ],
  );
  const plain = planVariant('x64')?.quantize;
  assert.ok(plain !== 'weight-only' && plain?.reduceRange && plain.activations === 'u8');
});

test('every plan says why in one sentence', () => {
  for (const { reason } of planVariants(plannedClasses())) {
    assert.match(reason, /^[A-Z][^\n]{20,160}\.$/);
  }
});

test('a class is planned once, and one without a build of its own not at all', () => {
  const plans = planVariants(['arm64-dot', 'arm64', 'arm64', 'edgetpu']);
  assert.deepEqual(
    plans.map(({ deviceClass }) => deviceClass),
    ['arm64', 'arm64-dot'],
  );
  assert.deepEqual(schemesOf(plans), ['s8s8']);
  assert.equal(planVariant('edgetpu'), undefined);
});

test('x64 without VNNI measures full-range graphs in float steps', () => {
  assert.equal(optimiseFor('u8s8', 'x64'), 'none');
  assert.equal(optimiseFor('s8s8', 'x64'), 'none');
  assert.equal(optimiseFor('u8s8-reduced', 'x64'), 'all');
  assert.equal(optimiseFor('weight-only', 'x64-vnni'), 'none');
  assert.equal(optimiseFor('u8s8', 'x64-vnni'), 'all');
});
