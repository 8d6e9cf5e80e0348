import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError, type SampleOffer } from '@edgewise/protocol';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { createIntake, type OfferedSample } from './intake.ts';

function setUp(fetchSample: Telemetry['fetchSample']) {
  const clock = createManualClock();
  const stored: string[] = [];
  const settled: string[] = [];
  const errors: unknown[] = [];
  const intake = createIntake({
    ...{ telemetry: { fetchSample } as Telemetry, clock },
    store: ({ offer }) => Promise.resolve(void stored.push(offer.sample)),
    onSettled: ({ offer }) => settled.push(offer.sample),
    onError: (thrown) => errors.push(thrown),
  });
  return { intake, clock, stored, settled, errors };
}

const offered = (sample: string): OfferedSample => ({
  ...{ device: 'd1', atMs: 1, offer: { sample, parts: 1 } as SampleOffer },
});

test('a sample that did not come in time is asked for again', async () => {
  let asked = 0;
  const { intake, clock, stored, errors } = setUp(() => {
    asked++;
    if (asked < 3) return Promise.reject(new FleetError('timeout', 'It took too long.'));
    return Promise.resolve(new Uint8Array());
  });
  intake.take(offered('s1'));
  await eventually('the sample', () => {
    clock.advance(2000);
    return stored.length === 1;
  });
  assert.deepEqual([asked, errors.length], [3, 0]);
  await intake.stop();
});

test('a sample that never comes is given up, and the next one is fetched', async () => {
  const { intake, clock, stored, settled, errors } = setUp((_, sample) =>
    sample === 's1'
      ? Promise.reject(new FleetError('timeout', 'It took too long.'))
      : Promise.resolve(new Uint8Array()),
  );
  intake.take(offered('s1'));
  intake.take(offered('s2'));
  await eventually('both', () => {
    clock.advance(2000);
    return settled.length === 2;
  });
  assert.deepEqual([stored, errors.length], [['s2'], 1]);
  await intake.stop();
});

test('a device is asked for four samples at once and no more', async () => {
  let [under, most] = [0, 0];
  const { intake, settled } = setUp(async () => {
    under++;
    most = Math.max(most, under);
    await new Promise((resolve) => setImmediate(resolve));
    under--;
    return new Uint8Array();
  });
  for (let at = 0; at < 30; at++) intake.take(offered(`s${at}`));
  await eventually('all', () => settled.length === 30);
  assert.equal(most, 4);
  await intake.stop();
});
