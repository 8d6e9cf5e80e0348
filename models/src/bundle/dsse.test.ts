import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError, payloadTypes } from '@edgewise/protocol';
import fc from 'fast-check';
import { createSigner, createVerifier, generateKey } from '../crypto/keys.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { preAuthEncoding, signEnvelope, verifyEnvelope } from './dsse.ts';

const utf8 = new TextEncoder();
const keys = generateKey();
const signer = createSigner(keys.privateKeyPem);
const mine = [createVerifier(keys.publicKeyPem)];
const others = [createVerifier(generateKey().publicKeyPem)];
const isInvalid = (thrown: unknown) =>
  thrown instanceof FleetError && thrown.code === 'signature-invalid';

test('the encoding that is signed is that of the DSSE specification', () => {
  const encoded = preAuthEncoding('http://example.com/HelloWorld', utf8.encode('hello world'));
  assert.equal(
    new TextDecoder().decode(encoded),
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('lengths count bytes, not characters', () => {
  const encoded = new TextDecoder().decode(preAuthEncoding('ü', utf8.encode('ß')));
  assert.equal(encoded, 'DSSEv1 2 ü 2 ß');
});

test('a signed payload comes back byte for byte', async () => {
  const payload = utf8.encode('{ "v": 1 }');
  const envelope = await signEnvelope(payloadTypes.target, payload, signer);
  assert.deepEqual(await verifyEnvelope(envelope, payloadTypes.target, mine), payload);
  assert.deepEqual(
    await verifyEnvelope(envelope, payloadTypes.target, [...others, ...mine]),
    payload,
  );
});

test('a signed command is never taken for a target', async () => {
  const envelope = await signEnvelope(payloadTypes.command, utf8.encode('{}'), signer);
  await assert.rejects(verifyEnvelope(envelope, payloadTypes.target, mine), isInvalid);
  const relabelled = { ...envelope, payloadType: payloadTypes.target };
  await assert.rejects(verifyEnvelope(relabelled, payloadTypes.target, mine), isInvalid);
});

test('a forged, foreign or unreadable signature is refused', async () => {
  const envelope = await signEnvelope(payloadTypes.target, utf8.encode('{"a":1}'), signer);
  const forgeries = [
    { ...envelope, payload: toBase64(utf8.encode('{"a":2}')) },
    { ...envelope, payload: '*' },
    { ...envelope, signatures: [{ sig: '*' }] },
    { ...envelope, signatures: [{ sig: toBase64(new Uint8Array(70)) }] },
    { ...envelope, signatures: [] },
  ];
  for (const forged of forgeries) {
    await assert.rejects(verifyEnvelope(forged, payloadTypes.target, mine), isInvalid);
  }
  await assert.rejects(verifyEnvelope(envelope, payloadTypes.target, others), isInvalid);
  await assert.rejects(verifyEnvelope(envelope, payloadTypes.target, []), isInvalid);
});

test('base64 of any bytes reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
    }),
    { numRuns: 50 },
  );
});
