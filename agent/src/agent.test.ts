import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './testing/eventually.ts';
import { startRig } from './testing/rig.test.fixture.ts';

test('a signed target leads to a model that answers over HTTP', async () => {
  await using rig = await startRig({ http: true });
  const bundle = await rig.bundle({ facts: { version: 1 } });
  await rig.hub.aim(bundle.ref);
  const url = await rig.url;
  await eventually(() => rig.agent.state.slots.active);
  const response = await fetch(`${url}/v1/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      items: [
        [1, 2, 3, 4],
        [
          [
            [5, 6],
            [7, 8],
          ],
        ],
      ],
    }),
  });
  assert.equal(response.status, 200);
  const body = (await response.json()) as { version: number; predictions: { item: number }[] };
  assert.equal(body.version, 1);
  assert.deepEqual(
    body.predictions.map((prediction) => prediction.item),
    [0, 1],
  );
});
