import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { sha256 } from '../crypto/digest.ts';
import { createSigner, createVerifier, generateKey } from '../crypto/keys.ts';
import { splitBlocks } from './blocks.ts';
import { signFiles } from './model-signing.ts';
import { packBundle } from './pack.ts';
import { someBlobs, someBundle, someFacts } from './testing/sample-bundle.ts';
import { type BundleVerdict, verifyBundle, verifyManifest } from './verify.ts';

const keys = generateKey();
const signer = createSigner(keys.privateKeyPem);
const options = { verifiers: [createVerifier(keys.publicKeyPem)], sha256 };
const host = { deviceClass: 'x64', agentVersion: '0.1.0' } as const;

/** The code of a refusal, or `ok`. */
const outcome = (verdict: BundleVerdict): string => (verdict.ok ? 'ok' : verdict.code);

/** A bundle whose files were meddled with after it was signed. */
async function meddled(change: (files: Map<string, Uint8Array>) => void): Promise<string> {
  const bundle = await someBundle({}, signer);
  const files = new Map([...bundle.files].map(([name, bytes]) => [name, bytes.slice()]));
  change(files);
  return outcome(await verifyBundle(files, { ...options, host }));
}

/** A bundle that is properly signed around whatever stands in its manifest. */
async function signedAround(manifest: object): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  const blobs = someBlobs();
  const digests = new Map([...blobs].map(([name, blob]) => [name, sha256(blob)]));
  digests.set('manifest.json', sha256(bytes));
  const signature = await signFiles({ name: 'x', digests }, signer, { sha256 });
  const files = new Map([...blobs, ['manifest.json', bytes], ['model.sig', signature]]);
  return outcome(await verifyBundle(files, { ...options, host }));
}

const flip = (bytes: Uint8Array | undefined, index: number): void => {
  if (bytes !== undefined) bytes[index] = (bytes[index] ?? 0) ^ 1;
};

test('a packed bundle verifies', async () => {
  const bundle = await someBundle({}, signer);
  const verdict = await verifyBundle(bundle.files, { ...options, host });
  assert.deepEqual(verdict, { ok: true, manifest: bundle.manifest });
  assert.equal(bundle.ref.manifest, sha256(bundle.files.get('manifest.json') ?? new Uint8Array()));
  assert.equal(bundle.ref.signature, sha256(bundle.files.get('model.sig') ?? new Uint8Array()));
});

test('the same facts give the same manifest', async () => {
  const [first, second] = [await someBundle({}, signer), await someBundle({}, signer)];
  assert.equal(first.manifestDigest, second.manifestDigest);
});

test('facts that make no manifest are not packed', async () => {
  await assert.rejects(
    packBundle(someFacts({ minAgent: 'soon' }), someBlobs(), { signer, sha256 }),
    /invalid-argument.*minAgent/,
  );
});

test('every block is known by its digest, and only in its place', async () => {
  const { manifest, files } = await someBundle({}, signer);
  const [entry] = manifest.blobs;
  assert.ok(entry !== undefined);
  const blocks = splitBlocks(files.get(entry.name) ?? new Uint8Array());
  assert.equal(blocks.length, 3);
  blocks.forEach((block, index) => {
    assert.equal(entry.blocks[index], sha256(block));
    assert.notEqual(entry.blocks[index + 1], sha256(block));
  });
});

test('a bundle signed by somebody else is refused', async () => {
  const bundle = await someBundle();
  assert.equal(outcome(await verifyBundle(bundle.files, options)), 'signature-invalid');
});

test('a changed byte anywhere is found', async () => {
  assert.equal(await meddled((files) => flip(files.get('graph.onnx'), 40_000)), 'digest-mismatch');
  assert.equal(await meddled((files) => flip(files.get('manifest.json'), 20)), 'digest-mismatch');
  const signature = (await someBundle({}, signer)).files.get('model.sig') ?? new Uint8Array();
  for (let index = 0; index < signature.length; index += 97) {
    const code = await meddled((files) => flip(files.get('model.sig'), index));
    // The hint of the key is not signed, so a change in it alone changes nothing.
    assert.ok(['signature-invalid', 'malformed', 'ok'].includes(code), `${code} at ${index}`);
  }
});

test('the block that differs is named', async () => {
  const bundle = await someBundle({}, signer);
  const files = new Map([...bundle.files].map(([name, bytes]) => [name, bytes.slice()]));
  flip(files.get('graph.onnx'), 40_000);
  const verdict = await verifyBundle(files, options);
  assert.match(verdict.ok ? '' : verdict.detail, /graph\.onnx .*block 1 differs/);
});

test('half of any file is refused', async () => {
  const expected = {
    'manifest.json': 'digest-mismatch',
    'model.sig': 'malformed',
    'graph.onnx': 'digest-mismatch',
    'golden.bin': 'digest-mismatch',
  };
  for (const [name, code] of Object.entries(expected)) {
    const half = (bytes: Uint8Array = new Uint8Array()) => bytes.subarray(0, bytes.length / 2);
    assert.equal(await meddled((files) => files.set(name, half(files.get(name)))), code, name);
  }
});

test('a missing file is not found', async () => {
  for (const name of ['manifest.json', 'model.sig', 'graph.onnx', 'golden.bin']) {
    assert.equal(await meddled((files) => files.delete(name)), 'not-found', name);
  }
});

test('a file that nobody signed is refused, wherever its path leads', async () => {
  for (const name of ['extra.onnx', '../escape', '/etc/passwd', 'a/../../b']) {
    assert.equal(await meddled((files) => files.set(name, new Uint8Array(1))), 'malformed', name);
  }
});

test('a signed manifest cannot name a path that leaves the folder', async () => {
  const { manifest } = await someBundle({}, signer);
  const [first, second] = manifest.blobs;
  for (const name of ['../graph.onnx', '/graph.onnx', 'a/b', '.hidden', 'C:\\x', 'graph.onnx\0']) {
    assert.equal(
      await signedAround({ ...manifest, blobs: [{ ...first, name }, second] }),
      'malformed',
    );
  }
});

test('a signed manifest that contradicts itself or its signature is refused', async () => {
  const { manifest } = await someBundle({}, signer);
  const [first, second] = manifest.blobs;
  assert.ok(first !== undefined && second !== undefined);
  const around = (blobs: readonly object[]) => signedAround({ ...manifest, blobs });
  assert.equal(await around([first, second]), 'ok');
  assert.equal(await around([first, first]), 'malformed');
  assert.equal(await around([first]), 'malformed');
  assert.equal(await around([first, { ...second, name: 'model.sig' }]), 'malformed');
  assert.equal(await around([first, { ...second, sizeBytes: 4 }]), 'digest-mismatch');
  assert.equal(await around([first, { ...second, sizeBytes: 40_000 }]), 'malformed');
  assert.equal(await around([first, { ...second, sha256: 'f'.repeat(64) }]), 'digest-mismatch');
});

test('a manifest alone is refused unless its signature speaks for exactly its files', async () => {
  const { manifest, files } = await someBundle({}, signer);
  const bytes = files.get('manifest.json') ?? new Uint8Array();
  const named = new Map(manifest.blobs.map((blob) => [blob.name, blob.sha256]));
  named.set('manifest.json', sha256(bytes));
  const verdict = async (digests: ReadonlyMap<string, string>): Promise<string> => {
    const signature = await signFiles({ name: 'x', digests }, signer, { sha256 });
    return verifyManifest(bytes, signature, options).then(
      () => 'ok',
      (thrown: unknown) => FleetError.from(thrown).code,
    );
  };
  const other = 'f'.repeat(64);
  assert.equal(await verdict(named), 'ok');
  assert.equal(await verdict(new Map(named).set('golden.bin', other)), 'digest-mismatch');
  assert.equal(await verdict(new Map(named).set('manifest.json', other)), 'digest-mismatch');
  assert.equal(await verdict(new Map(named).set('extra.onnx', other)), 'malformed');
  const without = new Map(named);
  without.delete('golden.bin');
  assert.equal(await verdict(without), 'digest-mismatch');
});

test('a bundle of a later version or layout says so', async () => {
  const { manifest } = await someBundle({}, signer);
  assert.equal(await signedAround({ ...manifest, v: 2 }), 'newer-version');
  assert.equal(await signedAround({ ...manifest, formatVersion: 2 }), 'newer-version');
});

test('a bundle for another host is incompatible', async () => {
  const cases = [
    [{ deviceClass: 'arm64' }, 'incompatible'],
    [{ minAgent: '0.1.1' }, 'incompatible'],
    [{ minAgent: '0.2.0' }, 'incompatible'],
    [{ minAgent: '1.0.0' }, 'incompatible'],
    [{ minAgent: '0.0.9' }, 'ok'],
    [{ minAgent: '0.1.0' }, 'ok'],
  ] as const;
  for (const [changes, code] of cases) {
    const { files } = await someBundle(changes, signer);
    assert.equal(outcome(await verifyBundle(files, { ...options, host })), code);
  }
});
