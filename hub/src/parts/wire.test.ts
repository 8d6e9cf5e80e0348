import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { startTestBroker } from '../broker/broker.fixture.ts';
import type { Identity } from '../fleet/identity.ts';
import { openWire, type WireOptions } from './wire.ts';

test('the password of the hub at an external broker is told to nobody', async () => {
  await using fixture = await startTestBroker();
  fixture.tokens.set('hub', 'secret');
  await using keep = new AsyncDisposableStack();
  const wire = await openWire({
    identity: { hub: 'hub-1' } as Identity,
    url: `mqtt://api%3Ahub:secret@127.0.0.1:${fixture.broker.port}`,
    logger: pino({ enabled: false }),
    onUnreadable: () => undefined,
    keep,
  } as unknown as WireOptions);
  assert.equal(wire.link.isUp, true);
  assert.equal(wire.url, `mqtt://127.0.0.1:${fixture.broker.port}`);
});
