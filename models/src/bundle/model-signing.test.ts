import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { unzipSync } from 'fflate';
import { sha256 } from '../crypto/digest.ts';
import { createSigner, createVerifier, generateKey } from '../crypto/keys.ts';
import { signFiles, verifyFiles } from './model-signing.ts';
import { someBundle } from './testing/sample-bundle.ts';
import { verifyBundle } from './verify.ts';

/**
 * A folder packed by `packBundle`, then signed by the public tool (PyPI model-signing 1.1.1):
 * `model_signing sign key bundle --private_key KEY --signature bundle/model.sig`. A ZIP, so that no
 * formatter touches its bytes.
 */
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../fixtures/signing/${name}`, import.meta.url));

const toolIsThere = spawnSync('model_signing', ['--version']).status === 0;
const skip = toolIsThere ? false : 'the Python tool model_signing is not on the path';

const readFolder = (folder: string): Map<string, Uint8Array> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-signing-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Runs the tool; gives what it said when it failed, '' otherwise. */
function tool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('model_signing', args, { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr || `exit ${status}`;
}

test('a bundle that the public tool signed verifies', async () => {
  const verifiers = [createVerifier(new TextDecoder().decode(fixture('public-key.pem')))];
  const files = new Map(Object.entries(unzipSync(fixture('tool-signed.zip'))));
  const verdict = await verifyBundle(files, { verifiers, sha256 });
  assert.equal(verdict.ok || verdict.detail, true);
  const signed = await verifyFiles(files.get('model.sig') ?? new Uint8Array(), verifiers, {
    sha256,
  });
  assert.equal(signed.name, 'bundle');
  assert.deepEqual([...signed.digests.keys()], ['golden.bin', 'graph.onnx', 'manifest.json']);
});

test('the public tool verifies our bundle, and not a changed one', { skip }, async (context) => {
  const folder = scratch(context);
  const bundle = await someBundle();
  for (const [name, bytes] of bundle.files) writeFileSync(join(folder, name), bytes);
  const key = join(scratch(context), 'public.pem');
  writeFileSync(key, bundle.publicKeyPem);
  const verify = () =>
    tool('verify', 'key', folder, '--public_key', key, '--signature', join(folder, 'model.sig'));
  assert.equal(verify(), '');
  writeFileSync(join(folder, 'graph.onnx'), new Uint8Array(5));
  assert.match(verify(), /verification failed/i);
});

test('we verify what the public tool signs now', { skip }, async (context) => {
  const folder = scratch(context);
  const { files } = await someBundle();
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  const { privateKeyPem, publicKeyPem } = generateKey();
  const key = join(scratch(context), 'private.pem');
  writeFileSync(key, privateKeyPem);
  const signature = join(folder, 'model.sig');
  assert.equal(tool('sign', 'key', folder, '--private_key', key, '--signature', signature), '');
  const verifiers = [createVerifier(publicKeyPem)];
  const verdict = await verifyBundle(readFolder(folder), { verifiers, sha256 });
  assert.equal(verdict.ok || verdict.detail, true);
});

test('a signature whose root digest is not that of its files is refused', async () => {
  const signer = createSigner(generateKey().privateKeyPem);
  const verifiers = [createVerifier(signer.publicKeyPem)];
  const digests = new Map([['a', 'a'.repeat(64)]]);
  const signature = await signFiles({ name: 'x', digests }, signer, {
    sha256: () => 'f'.repeat(64),
  });
  await assert.rejects(verifyFiles(signature, verifiers, { sha256 }), /digest-mismatch/);
});
