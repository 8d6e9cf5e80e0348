import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { fingerprintOf, generateKey } from '@edgewise/models/crypto';
import { FleetError } from '@edgewise/protocol';
import { createCertificate } from '../api/certificate.ts';
import { createClient } from '../client/client.ts';
import { trustHub } from './trust-hub.ts';

const key = generateKey();
const trusted = tls.getCACertificates('default');
let server: ReturnType<typeof createServer>;
let url: URL;
before(async () => {
  const hosts = ['127.0.0.1'];
  const identity = await createCertificate({ key: key.privateKeyPem, hosts, nowMs: Date.now() });
  server = createServer(identity, (_, response) => response.end('[]'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
after(() => {
  tls.setDefaultCACertificates(trusted);
  server.closeAllConnections();
  server.close();
});

const list = () => createClient(url.origin, 'ew_x').call('listModels');
const says = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof FleetError && error.code === code && text.test(error.reason);

test('a hub with its own certificate is spoken to once its key is named', async () => {
  await assert.rejects(list(), says('unauthenticated', /--fingerprint/));
  await trustHub(url, fingerprintOf(key.publicKeyPem));
  assert.deepEqual(await list(), []);
});

test('another key, and what is no key, are refused', async () => {
  await assert.rejects(trustHub(url, 'a'.repeat(64)), says('unauthenticated', /another key/));
  await assert.rejects(trustHub(url, 'abc'), says('invalid-argument', /64/));
});

test('nobody there is said', async () => {
  const nobody = new URL('https://127.0.0.1:9');
  await assert.rejects(trustHub(nobody, 'a'.repeat(64)), says('unavailable', /127\.0\.0\.1:9/));
});
