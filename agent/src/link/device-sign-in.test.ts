import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { generateKey } from '@edgewise/models/crypto';
import { documentReader, limits, SignInClaims } from '@edgewise/protocol';
import { compactVerify } from 'jose';
import { createDeviceSignIn } from './device-sign-in.ts';

const read = documentReader(SignInClaims);

test('each attempt has a fresh token that names device, hub and instance and lives five minutes', async () => {
  const key = generateKey();
  const nowMs = 1_700_000_000_400;
  const signIn = createDeviceSignIn({
    device: 'pi',
    hub: 'hub-1',
    instance: 'i1',
    privateKeyPem: key.privateKeyPem,
    nowMs: () => nowMs,
  });
  const seen = new Set<string>();
  for (let attempt = 0; attempt < 3; attempt++) {
    const { clientId, username, password } = await signIn();
    assert.deepEqual([clientId, username], ['pi', 'pi']);
    const { payload } = await compactVerify(password, createPublicKey(key.publicKeyPem), {
      algorithms: ['ES256'],
    });
    const claims = read(payload, 4096);
    assert.deepEqual([claims.sub, claims.aud, claims.instance], ['pi', 'hub-1', 'i1']);
    assert.equal(claims.iat, 1_700_000_001);
    assert.equal((claims.exp - claims.iat) * 1000, limits.signInMs);
    seen.add(claims.jti);
  }
  assert.equal(seen.size, 3);
});
