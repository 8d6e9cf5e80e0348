import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { sha256 } from './digest.ts';
import { createSigner, createVerifier, fingerprintOf, generateKey, publicKeyOf } from './keys.ts';

const bytes = new TextEncoder().encode('the bytes that are signed');

test('a digest is that of FIPS 180-4', () => {
  assert.equal(
    sha256(new TextEncoder().encode('abc')),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('a signature holds for its bytes and its key only', async () => {
  const mine = generateKey();
  const signer = createSigner(mine.privateKeyPem);
  const signature = await signer.sign(bytes);
  const verifier = createVerifier(mine.publicKeyPem);
  assert.equal(await verifier.verify(bytes, signature), true);
  assert.equal(await verifier.verify(bytes.slice(1), signature), false);
  assert.equal(await createVerifier(generateKey().publicKeyPem).verify(bytes, signature), false);
});

test('bytes that are no signature are false, not an exception', async () => {
  const verifier = createVerifier(generateKey().publicKeyPem);
  for (const nonsense of [new Uint8Array(), new Uint8Array(70), Uint8Array.of(0x30, 0x80)]) {
    assert.equal(await verifier.verify(bytes, nonsense), false);
    assert.equal(verifier.verifyP1363(bytes, nonsense), false);
  }
});

test('the raw encoding has 64 bytes and is what WebCrypto verifies', async () => {
  const { privateKeyPem, publicKeyPem } = generateKey();
  const raw = createSigner(privateKeyPem).signP1363(bytes);
  assert.equal(raw.length, 64);
  assert.equal(createVerifier(publicKeyPem).verifyP1363(bytes, raw), true);
  const spki = Buffer.from(publicKeyPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await webcrypto.subtle.importKey('spki', spki, algorithm, false, ['verify']);
  const check = { name: 'ECDSA', hash: 'SHA-256' };
  assert.equal(await webcrypto.subtle.verify(check, key, Buffer.from(raw), bytes), true);
  assert.equal(fingerprintOf(publicKeyPem), sha256(new Uint8Array(spki)));
});

test('the public half of a private key is the one it was made with', () => {
  const { privateKeyPem, publicKeyPem } = generateKey();
  assert.equal(publicKeyOf(privateKeyPem), publicKeyPem);
});

test('other curves, private keys and nonsense are refused as public keys', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const wrong = [
    other.export({ type: 'spki', format: 'pem' }) as string,
    generateKey().privateKeyPem,
    'no key',
  ];
  for (const pem of wrong) {
    assert.throws(
      () => createVerifier(pem),
      (thrown) => thrown instanceof FleetError && thrown.code === 'invalid-argument',
    );
  }
});
