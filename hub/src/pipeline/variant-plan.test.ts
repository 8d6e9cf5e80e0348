import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceClasses } from '@edgewise/protocol';
import { planVariants, schemes, schemesOf } from './variant-plan.ts';

test('each processor gets the arithmetic it is right and fast with', () => {
  const plan = new Map(planVariants(deviceClasses).map((one) => [one.deviceClass, one.scheme]));
  assert.deepEqual(
    [plan.get('x64-vnni'), plan.get('x64'), plan.get('arm64'), plan.get('arm64-dot')],
    ['u8s8', 'u8s8-reduced', 's8s8', 's8s8'],
  );
  assert.equal(schemes['u8s8-reduced'].reduceRange, true);
});

test('a class is planned once, and one that no scheme serves not at all', () => {
  const plans = planVariants(['arm64-dot', 'arm64', 'arm64', 'edgetpu']);
  assert.deepEqual(
    plans.map(({ deviceClass }) => deviceClass),
    ['arm64', 'arm64-dot'],
  );
  assert.deepEqual(schemesOf(plans), ['s8s8']);
});
