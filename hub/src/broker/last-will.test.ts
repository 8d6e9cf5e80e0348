import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { startTestBroker } from './broker.fixture.ts';

test('a last will is said only where its device may publish', async () => {
  await using fixture = await startTestBroker();
  const { connect, connectHub, enrol, tokens } = fixture;
  tokens.set('grafana', 'secret');
  const hub = await connectHub();
  const heard: string[] = [];
  const own = Promise.withResolvers<void>();
  hub.on('message', (topic, payload) => {
    heard.push(`${topic} ${String(payload)}`);
    if (String(payload) === 'own') own.resolve();
  });
  await hub.subscribeAsync('edgewise/#');
  const will = (device: string, payload: string) => ({
    topic: `edgewise/home/device/${device}/presence`,
    payload: Buffer.from(payload),
    qos: 1 as const,
    retain: true,
  });
  const mallory = await enrol('mallory').options();
  const clients = [
    await connect({ ...mallory, will: will('cam', 'forged') }),
    await connect({ username: 'api:grafana', password: 'secret', will: will('cam', 'forged') }),
    await connect({ ...(await enrol('cam').options()), will: will('cam', 'own') }),
  ];
  for (const client of clients) {
    const closed = once(client as unknown as EventEmitter, 'close');
    client.stream.destroy();
    await closed;
  }
  await own.promise;
  assert.deepEqual(heard, ['edgewise/home/device/cam/presence own']);
});
