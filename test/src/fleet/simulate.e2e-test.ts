import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateFleet } from './simulate.ts';

const silent = { stage: () => {}, fact: () => {}, progress: () => {} };

test('a block goes out once for the first device and about once for all others of a lane', async () => {
  const figures = await simulateFleet({
    ...{ agents: 16, processes: 2, bundleBytes: 250_000, stuck: 2 },
    say: silent,
  });
  for (const push of [figures.push, figures.pushBesideStuck]) {
    assert.equal(push.lanes, 1);
    // A busy machine may need a round more for those who come late, but not one for each.
    assert.ok(
      push.publishesPerBlock >= 1 && push.publishesPerBlock <= 4,
      `${push.publishesPerBlock}`,
    );
    assert.ok(push.pings > 0);
  }
});
