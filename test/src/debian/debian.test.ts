import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { madeOnce } from './made-once.ts';
import { unpackedDebian } from './unpacked-debian.ts';

async function temporaryFolder(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-debian-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test('a folder is filled once, whoever asks at the same time', async () => {
  await using temporary = await temporaryFolder();
  const target = path.join(temporary.folder, 'kept');
  let fills = 0;
  const fill = async (folder: string) => {
    fills++;
    await writeFile(path.join(folder, 'file'), 'whole');
  };
  const [one, two] = await Promise.all([madeOnce(target, fill), madeOnce(target, fill)]);
  assert.deepEqual([one, two, await madeOnce(target, fill)], [target, target, target]);
  assert.equal(fills, 1);
  assert.equal(await readFile(path.join(target, 'file'), 'utf8'), 'whole');
});

test('a folder that another process completes first is taken', async () => {
  await using temporary = await temporaryFolder();
  const target = path.join(temporary.folder, 'kept');
  await madeOnce(target, async (folder) => {
    await writeFile(path.join(folder, 'file'), 'late');
    // Spelt another way, as another process would not know that this one is at it.
    const other = `${temporary.folder}/./kept`;
    await madeOnce(other, (early) => writeFile(path.join(early, 'file'), 'early'));
  });
  assert.equal(await readFile(path.join(target, 'file'), 'utf8'), 'early');
  assert.deepEqual(await readdir(temporary.folder), ['kept']);
});

test('a fill that fails leaves nothing, and the next one starts anew', async () => {
  await using temporary = await temporaryFolder();
  const target = path.join(temporary.folder, 'kept');
  await assert.rejects(
    madeOnce(target, async (folder) => {
      await writeFile(path.join(folder, 'half'), '');
      throw new Error('cut off');
    }),
    /cut off/,
  );
  assert.deepEqual(await readdir(temporary.folder), []);
  await madeOnce(target, (folder) => writeFile(path.join(folder, 'file'), ''));
  assert.deepEqual(await readdir(target), ['file']);
});

test('a machine without apt is told as a reason', async () => {
  await using temporary = await temporaryFolder();
  const { PATH, XDG_CACHE_HOME } = process.env;
  Object.assign(process.env, { PATH: temporary.folder, XDG_CACHE_HOME: temporary.folder });
  try {
    const reason = 'apt-get is not installed';
    assert.deepEqual(await unpackedDebian(['hello']), { ok: false, reason });
  } finally {
    Object.assign(process.env, { PATH });
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  }
});
