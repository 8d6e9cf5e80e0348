import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@edgewise/models/crypto';
import type { BlobStore } from './blobs.ts';

/** What every blob store must do. */
export function describeBlobs(
  name: string,
  open: () => Promise<{ readonly blobs: BlobStore; readonly end: () => Promise<void> }>,
): void {
  test(`${name}: a blob comes back under its digest, also when put twice`, async () => {
    const { blobs, end } = await open();
    const bytes = new TextEncoder().encode('a blob');
    const digest = await blobs.put(bytes);
    assert.equal(digest, sha256(bytes));
    assert.equal(await blobs.put(bytes), digest);
    assert.deepEqual(new Uint8Array(await blobs.get(digest)), bytes);
    assert.equal(await blobs.has(digest), true);
    assert.equal(await blobs.size(digest), bytes.length);
    await end();
  });

  test(`${name}: what a caller does to its bytes afterwards changes nothing`, async () => {
    const { blobs, end } = await open();
    const bytes = Uint8Array.of(1, 2, 3);
    const digest = await blobs.put(bytes);
    bytes[0] = 9;
    (await blobs.get(digest))[1] = 9;
    assert.deepEqual(new Uint8Array(await blobs.get(digest)), Uint8Array.of(1, 2, 3));
    await end();
  });

  test(`${name}: a removed blob is gone, and may be put again`, async () => {
    const { blobs, end } = await open();
    const bytes = new TextEncoder().encode('a passing blob');
    const digest = await blobs.put(bytes);
    await blobs.remove(digest);
    await blobs.remove(digest);
    assert.equal(await blobs.has(digest), false);
    assert.equal(await blobs.put(bytes), digest);
    assert.deepEqual(new Uint8Array(await blobs.get(digest)), bytes);
    await end();
  });

  test(`${name}: a missing blob is not-found and has no size`, async () => {
    const { blobs, end } = await open();
    const missing = sha256(Uint8Array.of(7));
    assert.equal(await blobs.has(missing), false);
    assert.equal(await blobs.size(missing), undefined);
    await assert.rejects(blobs.get(missing), {
      code: 'not-found',
      message: `[not-found] There is no blob ${missing}.`,
    });
    await end();
  });
}
