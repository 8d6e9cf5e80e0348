import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createCertificate } from './certificate.ts';

test('the certificate holds the hub key, names its hosts and is valid for years', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  const { cert } = await createCertificate({ key, hosts: ['hub.local', '192.168.1.5'], nowMs });
  const parsed = new X509Certificate(cert);
  const digest = (der: Buffer) => createHash('sha256').update(der).digest('hex');
  assert.equal(
    digest(parsed.publicKey.export({ type: 'spki', format: 'der' })),
    digest(publicKey.export({ type: 'spki', format: 'der' })),
  );
  assert.equal(parsed.checkHost('hub.local'), 'hub.local');
  assert.equal(parsed.checkIP('192.168.1.5'), '192.168.1.5');
  assert.ok(parsed.checkPrivateKey(privateKey));
  assert.ok(Date.parse(parsed.validTo) - nowMs > 9 * 365 * 86_400_000);
});
