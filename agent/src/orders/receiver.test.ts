import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError, type SignedEnvelope } from '@edgewise/protocol';
import { aTarget } from '../testing/builders.test.fixture.ts';
import { eventually } from '../testing/eventually.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { createMemoryBroker } from '../testing/memory-broker.ts';
import { createReceiver } from './receiver.ts';

const params = { fleet: 'home', device: 'pi' };
const envelope: SignedEnvelope = { payload: '', payloadType: 'x', signatures: [{ sig: 'x' }] };

test('a target that found no room on the disk is taken again until there is some', async () => {
  const broker = createMemoryBroker();
  const hub = broker.link();
  const clock = createManualClock();
  const refused: string[] = [];
  let attempts = 0;
  let accepted = 0;
  await using _receiver = await createReceiver({
    ...params,
    link: broker.link(),
    clock,
    nowMs: () => clock.nowMs(),
    orders: {
      target: undefined,
      commandGeneration: 0,
      receiveCommand: () => Promise.reject(new FleetError('internal', 'unused')),
      receiveTarget: () =>
        ++attempts < 3
          ? Promise.reject(new FleetError('disk-full', 'No room.'))
          : Promise.resolve({ verdict: 'accept', order: aTarget(1) }),
    },
    onTarget: () => accepted++,
    obey: () => Promise.resolve({}),
    onRefused: (_channel, error) => refused.push(error.code),
  });
  await hub.publish('target', params, envelope);
  await eventually(() => refused.length === 1);
  await clock.advance(30_000);
  await eventually(() => refused.length === 2);
  await clock.advance(30_000);
  await eventually(() => accepted === 1);
  assert.deepEqual(refused, ['disk-full', 'disk-full']);
});
