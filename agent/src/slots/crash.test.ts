import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { PackedBundle } from '@edgewise/models/bundle';
import { createRandom } from '@edgewise/models/random';
import { createKeyTrust } from '../node/key-trust.ts';
import { aBundle, aSigner } from '../testing/a-bundle.test.fixture.ts';
import { type Reconciler, startReconciler } from '../testing/reconciler.test.fixture.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryDiskOptions } from './memory-disk.ts';

const signer = aSigner();
const trust = createKeyTrust({
  hubPublicKey: signer.publicKeyPem,
  bundleKeys: [signer.publicKeyPem],
});
let first: PackedBundle;
let second: PackedBundle;

before(async () => {
  const graphBytes = 40_000;
  first = await aBundle({ signer, graphBytes, facts: { version: 1 } });
  second = await aBundle({ signer, graphBytes, facts: { version: 2 } });
});

const start = (disk: MemoryDisk) => startReconciler({ disk, trust, cupboard: [first, second] });

/** What the device is put through, and the version that serves afterwards. */
const story: readonly {
  readonly serves: number | undefined;
  run(device: Reconciler): Promise<unknown>;
}[] = [
  { serves: 1, run: (device) => device.settle(first.ref) },
  { serves: 2, run: (device) => device.settle(second.ref, 'running') },
  { serves: 1, run: (device) => device.settle(second.ref, 'failed') },
  { serves: undefined, run: (device) => device.settle(null) },
  { serves: 1, run: (device) => device.settle(first.ref) },
];

/** Plays the story until the power goes at operation `cutAt`; gives the disk and how far it came. */
async function play(cutAt: number, random?: () => number) {
  let operations = 0;
  let isOff = false;
  const options: MemoryDiskOptions = {
    ...(random && { random }),
    beforeOperation: () => {
      if (isOff || operations++ >= cutAt) {
        isOff = true;
        throw new Error('The power is off.');
      }
    },
  };
  const disk = createMemoryDisk(options);
  let done = 0;
  try {
    const device = await start(disk);
    for (const { run, serves } of story) {
      await run(device);
      if (isOff) break;
      assert.equal(device.engine.serving?.manifest.version, serves);
      done++;
    }
  } catch (thrown) {
    if (!isOff) throw thrown;
  }
  return { disk, done, isOff };
}

/** Once `done` steps have ended, what served then may serve, or what the next step brings. */
function mayServe(done: number): readonly (number | undefined)[] {
  const before = story[done - 1]?.serves;
  return done === story.length ? [before] : [before, story[done]?.serves];
}

async function bootsWell(disk: MemoryDisk, done: number, where: string): Promise<void> {
  await using device = await start(disk);
  const version = device.engine.serving?.manifest.version;
  assert.ok(mayServe(done).includes(version), `${where}: version ${version} serves after ${done}`);
  const outcome = await device.settle(first.ref);
  assert.equal(outcome.kind, 'converged', `${where}: ${JSON.stringify(outcome)}`);
  const [answer] = await device.engine.answer([Uint8Array.of(1, 2, 3, 4)]);
  assert.equal(answer?.version, 1, where);
}

test('a power cut before any disk operation leaves a slot that boots and a device that converges', async () => {
  let cutAt = 0;
  for (; ; cutAt++) {
    const { disk, done, isOff } = await play(cutAt);
    if (!isOff) break;
    await bootsWell(disk.crashed(), done, `cut at ${cutAt}, nothing unsynced kept`);
  }
  assert.ok(cutAt > 100, `the story has only ${cutAt} disk operations`);
});

test('the same holds when chance decides what of the unsynced survives', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = createRandom(seed).next;
    for (let cutAt = seed; ; cutAt += 3) {
      const { disk, done, isOff } = await play(cutAt, random);
      if (!isOff) break;
      await bootsWell(disk.crashed(), done, `seed ${seed}, cut at ${cutAt}`);
    }
  }
});

test('a damaged active bundle gives way to the fallback', async () => {
  const disk = createMemoryDisk();
  const device = await start(disk);
  await device.settle(first.ref);
  await device.settle(second.ref);
  await disk.write(`bundles/${second.ref.manifest}/graph.onnx`, Uint8Array.of(1), { fromByte: 9 });
  await using next = await start(disk);
  assert.equal(next.engine.serving?.manifest.version, 1);
  assert.match(next.failures[0]?.message ?? '', /\[digest-mismatch\]/);
  assert.equal((await next.settle(second.ref)).kind, 'converged');
  assert.equal(next.engine.serving?.manifest.version, 2);
});

test('a bundle that takes the process down on trial is given up at the fourth start', async () => {
  let disk = createMemoryDisk();
  const device = await start(disk);
  await device.settle(first.ref);
  await device.settle(second.ref, 'running');
  const served: (number | undefined)[] = [];
  for (let starts = 0; starts < 4; starts++) {
    disk = disk.crashed();
    const next = await start(disk);
    served.push(next.engine.serving?.manifest.version);
  }
  assert.deepEqual(served, [2, 2, 2, 1]);
  await using last = await start(disk);
  assert.deepEqual(await last.settle(second.ref), {
    kind: 'waiting',
    code: 'trial-failed',
    detail: 'The process ended 3 times while it was on trial.',
  });
});

test('a full disk during an update is disk-full, and what served goes on serving', async () => {
  const roomy = createMemoryDisk();
  await (await start(roomy)).settle(first.ref);
  const disk = roomy.crashed({ capacityBytes: roomy.usedBytes + 30_000 });
  await using device = await start(disk);
  const outcome = await device.settle(second.ref);
  assert.equal(outcome.kind === 'failed' && outcome.error.code, 'disk-full');
  assert.equal(device.engine.serving?.manifest.version, 1);
  await using next = await start(disk.crashed());
  assert.equal(next.engine.serving?.manifest.version, 1);
  assert.equal((await next.settle(second.ref)).kind, 'converged');
});
