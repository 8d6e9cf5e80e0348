import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import tls from 'node:tls';
import { generateKey } from '@edgewise/models/crypto';
import { MqttClient } from 'mqtt';
import { createCertificate } from '../api/certificate.ts';
import { startTestBroker } from './broker.fixture.ts';

test('off loopback the broker speaks TLS with the hub key, and nothing else', async () => {
  const { privateKeyPem, publicKeyPem } = generateKey();
  const identity = await createCertificate({
    key: privateKeyPem,
    hosts: ['localhost'],
    nowMs: Date.now(),
  });
  await using fixture = await startTestBroker({}, { host: '0.0.0.0', tls: identity });
  const { broker } = fixture;
  assert.match(broker.url, /^mqtts:/);
  const socket = tls.connect({ host: '127.0.0.1', port: broker.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const presented = socket.getPeerX509Certificate()?.publicKey;
  assert.equal(presented?.export({ type: 'spki', format: 'pem' }), publicKeyPem);
  const client = new MqttClient(() => socket as never, {
    ...(await fixture.enrol('cam').options()),
    protocolVersion: 4,
    reconnectPeriod: 0,
    keepalive: 30,
  });
  await once(client as unknown as EventEmitter, 'connect');
  await client.publishAsync('edgewise/home/device/cam/event', 'x', { qos: 1 });
  client.end(true);
  await assert.rejects(fixture.connect(await fixture.enrol('plain').options()));
});
