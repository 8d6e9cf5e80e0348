import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import fc from 'fast-check';
import { sha256 } from '../crypto/digest.ts';
import { createVerifier } from '../crypto/keys.ts';
import { decodeGolden } from './golden-file.ts';
import { readManifest } from './manifest.ts';
import { verifyFiles } from './model-signing.ts';
import { someBundle } from './testing/sample-bundle.ts';
import { verifyBundle } from './verify.ts';

const bundle = await someBundle();
const verifiers = [createVerifier(bundle.publicKeyPem)];

test('any bytes in the place of a file are refused with a code', async () => {
  const names = [...bundle.files.keys()];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.uint8Array(), async (name, bytes) => {
      const files = new Map(bundle.files).set(name, bytes);
      const verdict = await verifyBundle(files, { verifiers, sha256 });
      assert.equal(verdict.ok, false);
      assert.notEqual(verdict.ok ? '' : verdict.code, 'internal');
    }),
    { numRuns: 200 },
  );
});

test('readers of signatures, manifests and golden vectors throw nothing but codes', async () => {
  const readers = [
    decodeGolden,
    readManifest,
    (bytes: Uint8Array) => verifyFiles(bytes, verifiers, { sha256 }),
  ];
  const json = fc.json().map((text) => new TextEncoder().encode(text));
  const golden = fc.uint8Array().map((bytes) => Uint8Array.from([...goldenStart, ...bytes]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), json, golden), async (bytes) => {
      for (const read of readers) {
        try {
          await read(bytes);
        } catch (thrown) {
          assert.ok(thrown instanceof FleetError, `${thrown}`);
          assert.notEqual(thrown.code, 'internal');
        }
      }
    }),
    { numRuns: 200 },
  );
});

/** The beginning that gets past the first check. */
const goldenStart = [...new TextEncoder().encode('EWGV'), 4, 0, 0, 0];
