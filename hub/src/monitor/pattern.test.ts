import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { countSensor, normalReference, type Sensor } from './device.test.fixture.ts';
import { divergences } from './effect-size.ts';
import { foldOuterBins } from './monitored-window.ts';
import { namePattern } from './pattern.ts';

function nameOf(sensor: Sensor, samples: number, seed = 51) {
  return namePattern({
    reference: normalReference,
    referenceEffective: 10_000,
    current: foldOuterBins(countSensor(createRandom(seed), sensor, samples).counts),
    tau: 1,
  });
}

test('offsets from 0.5 to 4 sd are offsets, with their direction and size', () => {
  for (const offset of [-4, -2, -1, -0.5, 0.5, 1, 2, 4]) {
    const named = nameOf({ offset }, 300);
    assert.equal(named.pattern, 'offset', `${offset}`);
    assert.equal(named.direction, offset > 0 ? 'up' : 'down');
    if (Math.abs(offset) <= 2) assert.ok(Math.abs(named.offset - offset) < 0.2);
  }
});

test('gains are gains', () => {
  for (const gain of [0.5, 0.7, 1.3, 2]) {
    const named = nameOf({ gain }, 500);
    assert.equal(named.pattern, 'gain', `${gain}`);
    assert.equal(named.direction, gain > 1 ? 'wider' : 'narrower');
    assert.ok(Math.abs(named.gain / gain - 1) < 0.1);
  }
});

test('an offset with a gain is both, and anything else is a shape', () => {
  assert.equal(nameOf({ offset: 0.7, gain: 0.6 }, 500).pattern, 'offset-and-gain');
  const comb = Array.from({ length: 20 }, (_, bin) => (bin % 2 === 0 ? 45 : 5));
  const named = namePattern({
    reference: normalReference,
    referenceEffective: 10_000,
    current: comb,
    tau: 1,
  });
  assert.equal(named.pattern, 'shape');
  assert.equal(named.direction, 'mixed');
});

test('PSI and JSD of clean windows stay below their 95 % about 95 times in 100', () => {
  const random = createRandom(52);
  let below = { psi: 0, jsd: 0 };
  for (let round = 0; round < 400; round++) {
    const current = foldOuterBins(countSensor(random, {}, 500).counts);
    const { psi, jsd } = divergences({
      ...{ reference: normalReference, referenceEffective: 1e9 },
      ...{ current, currentEffective: 500 },
    });
    below = {
      psi: below.psi + (psi.value <= psi.null95 ? 1 : 0),
      jsd: below.jsd + (jsd.value <= jsd.null95 ? 1 : 0),
    };
  }
  for (const count of [below.psi, below.jsd]) {
    assert.ok(count >= 365 && count <= 395, `${count} of 400`);
  }
});
