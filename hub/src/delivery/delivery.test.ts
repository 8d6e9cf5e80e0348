import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Manifest } from '@edgewise/models/bundle';
import { limits } from '@edgewise/protocol';
import {
  connectAgent,
  enrolDevice,
  hear,
  type TestAgent,
} from '../testing/test-agent.test.fixture.ts';
import { eventually, startTestHub, type TestHub } from '../testing/test-hub.test.fixture.ts';

const size = 5 * limits.blockSizeBytes + 17;
const all = [0, 1, 2, 3, 4, 5];

/** Stores a bundle of one blob and orders it for devices; gives back the blob and its bytes. */
async function order(hub: TestHub, devices: readonly string[]) {
  const bytes = new Uint8Array(randomBytes(size));
  const sha256 = await hub.blobs.put(bytes);
  const manifest = new TextEncoder().encode(JSON.stringify(manifestOf(sha256)));
  const active = {
    model: 'digits',
    version: 1,
    deviceClass: 'x64',
    manifest: await hub.blobs.put(manifest),
    manifestSizeBytes: manifest.length,
    signature: await hub.blobs.put(Uint8Array.of(1)),
    signatureSizeBytes: 1,
  } as const;
  for (const device of devices) await hub.fleet.setTarget(device, { active });
  return { bytes, blob: sha256, active };
}

function manifestOf(sha256: string): Manifest {
  const digest = 'ab'.repeat(32);
  return {
    v: 1,
    formatVersion: 1,
    minAgent: '0.1.0',
    model: 'digits',
    version: 1,
    deviceClass: 'x64',
    createdAtMs: 1,
    task: { kind: 'raw' },
    inputs: [{ name: 'x', dtype: 'float32', dims: [1], source: 'vector' }],
    state: [],
    blobs: [{ name: 'graph.onnx', sha256, sizeBytes: size, blocks: [digest] }],
    parity: { tolerance: 0, topAgreement: 1 },
    lineage: { recipe: digest, snapshot: digest, run: digest, model: digest },
    window: { samples: 1, maxSpanMs: 100, minSpanMs: 0 },
    sizeBytes: size,
  };
}

/** Asks as an agent does: need, offer, subscription, need; then until nothing is missing. */
async function fetch(agent: TestAgent, blob: string): Promise<Uint8Array> {
  await agent.say('need', { digest: blob, parts: all.length, missing: all });
  const { lane } = await hear(agent, 'offer', (offer) => offer.blob === blob);
  await agent.listen('blob', { digest: blob, lane });
  await agent.say('need', { digest: blob, parts: all.length, missing: all });
  await eventually(() => agent.heard('blob').length >= all.length);
  return new Uint8Array(Buffer.concat(agent.heard('blob')));
}

async function connectAll(hub: TestHub, names: readonly string[]): Promise<TestAgent[]> {
  return await Promise.all(
    names.map(async (name) => connectAgent(hub, await enrolDevice(hub, name))),
  );
}

test('blocks go out once for all devices that wait together', async () => {
  await using hub = await startTestHub();
  const names = ['a', 'b', 'c'];
  const agents = await connectAll(hub, names);
  const { blob, bytes } = await order(hub, names);
  for (const agent of agents) {
    await agent.say('need', { digest: blob, parts: all.length, missing: all });
    const { lane } = await hear(agent, 'offer', (offer) => offer.blob === blob);
    await agent.listen('blob', { digest: blob, lane });
  }
  await Promise.all(
    agents.map((agent) => agent.say('need', { digest: blob, parts: all.length, missing: all })),
  );
  for (const agent of agents) {
    await eventually(() => agent.heard('blob').length === all.length);
    assert.deepEqual(new Uint8Array(Buffer.concat(agent.heard('blob'))), bytes);
  }
  const [figures] = hub.distributor.figures;
  assert.deepEqual([figures?.devices, figures?.published], [3, [1, 1, 1, 1, 1, 1]]);
  for (const agent of agents) await agent[Symbol.asyncDispose]();
});

test('manifest, signature and blobs of its own target are brought, others are not', async () => {
  await using hub = await startTestHub();
  const [mine, other] = await connectAll(hub, ['mine', 'other']);
  assert.ok(mine && other);
  const { blob, bytes, active } = await order(hub, ['mine']);
  const stranger = await hub.blobs.put(Uint8Array.of(9));
  await other.say('need', { digest: blob, parts: all.length, missing: all });
  await mine.say('need', { digest: stranger, parts: 1, missing: [0] });
  assert.deepEqual(await fetch(mine, blob), bytes);
  for (const digest of [active.manifest, active.signature]) {
    await mine.say('need', { digest, parts: 1, missing: [0] });
    await hear(mine, 'offer', (offer) => offer.blob === digest);
  }
  await assert.rejects(other.listen('blob', { digest: blob }));
  await assert.rejects(mine.listen('blob', { digest: stranger }));
  assert.deepEqual(other.heard('offer'), []);
  assert.ok(mine.heard('offer').every((offer) => offer.blob !== stranger));
  await mine[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test('only the blocks that are missing are sent', async () => {
  await using hub = await startTestHub();
  const [agent] = await connectAll(hub, ['cam']);
  assert.ok(agent);
  const { blob } = await order(hub, ['cam']);
  const need = { digest: blob, parts: all.length, missing: [1, 4] };
  await agent.say('need', need);
  const { lane } = await hear(agent, 'offer');
  await agent.listen('blob', { digest: blob, lane });
  await agent.say('need', need);
  await eventually(() => agent.heard('blob').length === 2);
  assert.deepEqual(hub.distributor.figures[0]?.published, [0, 1, 0, 0, 1, 0]);
  await agent[Symbol.asyncDispose]();
});

test('a new process of a device is offered its lane again', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  const first = await connectAgent(hub, cam, { instance: 'a' });
  const { blob, bytes } = await order(hub, ['cam']);
  await first.say('need', { digest: blob, parts: all.length, missing: all });
  await hear(first, 'offer');
  await first[Symbol.asyncDispose]();
  await using second = await connectAgent(hub, cam, { instance: 'b' });
  assert.deepEqual(await fetch(second, blob), bytes);
});
