import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBundle } from '@edgewise/models/bundle';
import { createSigner, createVerifier, generateKey, sha256 } from '@edgewise/models/crypto';
import { FleetError } from '@edgewise/protocol';
import type { Dataset, ModelVersion } from '@edgewise/protocol/http';
import { encodeSnapshot } from '../datasets/snapshot.ts';
import type { DeviceRecord } from '../fleet/fleet.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import type { BlobStore } from '../store/blobs.ts';
import { openDatabase } from '../store/open-database.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { aDevice } from '../testing/memory-fleet.test.fixture.ts';
import { createSqliteRegistryRecords } from './adapters/sqlite-registry-records.ts';
import { importBundle } from './import-bundle.ts';
import { createLineage } from './lineage.ts';
import { defaultPolicies } from './policies.ts';
import { createRegistry } from './registry.ts';

const dataset: Dataset = {
  ...{ id: 'digits', dims: [2, 2, 1], dtype: 'uint8', classes: ['a', 'b'], createdAtMs: 1 },
  counts: { train: 10, validation: 0, test: 0, field: 0 },
};
const recipe = {
  ...{ name: 'tiny', task: 'classification', loss: 'softmax-cross-entropy', epochs: 1, seed: 1 },
  input: { shape: [2, 2, 1], dtype: 'uint8', scale: 0.01 },
  layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }],
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'constant' }, batchSize: 4 },
};
const keys = generateKey();
const signer = createSigner(keys.privateKeyPem);
const utf8 = (text: string) => new TextEncoder().encode(text);

async function setUp(devices: readonly DeviceRecord[] = []) {
  const db = await openDatabase(':memory:');
  const blobs = createMemoryBlobs();
  const records = createSqliteRegistryRecords(db);
  const clock = createManualClock();
  const registry = createRegistry({
    ...{ records, blobs, clock, live: { emit: () => undefined } },
    dataset: () => Promise.resolve(dataset),
    devices: () => Promise.resolve(devices),
    onError: (thrown) => assert.fail(String(thrown)),
  });
  const bring = (bundle: { manifest: string; signature: string }) =>
    importBundle(
      'digits',
      { ...bundle, reason: 'drill', caller: 'ana' },
      { registry, blobs, clock },
    );
  return { registry, blobs, records, bring, [Symbol.asyncDispose]: () => db.destroy() };
}

/** A signed bundle whose whole lineage lies in the blob store. */
async function pack(blobs: BlobStore, version: number, recipeText = 'a recipe') {
  const put = (text: string) => blobs.put(utf8(text));
  const shard = await put('a shard');
  const snapshot = await blobs.put(
    encodeSnapshot({
      ...{ v: 1, dataset: 'digits', dims: [2], dtype: 'uint8', classes: ['a', 'b'] },
      ...{ shards: { train: [shard], validation: [], test: [] }, field: [] },
    }),
  );
  const bundle = await packBundle(
    {
      ...{ minAgent: '0.1.0', model: 'digits', version, deviceClass: 'x64', createdAtMs: 1 },
      task: { kind: 'classification', classes: ['a', 'b'], output: 'probabilities' },
      inputs: [{ name: 'input', dtype: 'uint8', dims: [2, 2, 1], source: 'image' }],
      parity: { tolerance: 0.1, topAgreement: 0.9 },
      lineage: {
        ...{ recipe: await put(recipeText), snapshot, run: await put('a run') },
        ...{ model: await put('a float graph'), calibration: await put('calibration') },
      },
      window: { samples: 100, maxSpanMs: 1000, minSpanMs: 0 },
    },
    new Map([['graph.onnx', utf8('an int8 graph')]]),
    { signer, sha256 },
  );
  for (const bytes of bundle.files.values()) await blobs.put(bytes);
  return { ...bundle, shard };
}

test('a model without policies gets those that do nothing by themselves', async () => {
  await using hub = await setUp();
  const model = await hub.registry.putModel('digits', { dataset: 'digits', recipe });
  assert.deepEqual(model.policies, defaultPolicies);
  assert.deepEqual([model.policies.autoRetrain, model.policies.predictions], [false, 'off']);
  const changed = await hub.registry.putModel('digits', {
    ...{ dataset: 'digits', recipe, policies: { labelBudget: 50 } },
  });
  assert.equal(changed.policies.labelBudget, 50);
  const again = await hub.registry.putModel('digits', { dataset: 'digits', recipe });
  assert.equal(again.policies.labelBudget, 50);
});

test('records of before schemes and build lists were written down are still read', async () => {
  await using set = await setUp();
  await set.registry.putModel('digits', { dataset: 'digits', recipe });
  const model = await set.records.findModel('digits');
  const { buildFor: _later, ...policies } = model?.policies ?? defaultPolicies;
  assert.ok(model);
  await set.records.putModel({ ...model, policies: policies as typeof defaultPolicies });
  assert.deepEqual((await set.registry.model('digits')).policies.buildFor, []);
  const version = aVersion(1);
  const variants = version.variants.map(({ scheme: _scheme, reason: _reason, ...old }) => old);
  await set.records.putVersion({ ...version, variants: variants as typeof version.variants });
  const [read] = (await set.registry.version('digits', 1)).variants;
  assert.deepEqual([read?.scheme, read?.reason], [null, null]);
});

test('a recipe that is faulty or for other inputs is refused with the reason', async () => {
  await using hub = await setUp();
  const faulty = { ...recipe, layers: [{ kind: 'flatten' }, { kind: 'mystery' }] };
  const put = (wrong: unknown) =>
    hub.registry.putModel('digits', { dataset: 'digits', recipe: wrong });
  await assert.rejects(put(faulty), /Layer 1 has the unknown kind "mystery"/);
  const wider = { ...recipe, input: { ...recipe.input, shape: [3, 3, 1] } };
  await assert.rejects(put(wider), /takes uint8 inputs of \[3, 3, 1\], but data set "digits"/);
});

test('a run has one number for good, and no two runs have the same', async () => {
  await using hub = await setUp();
  const { registry } = hub;
  assert.equal(await registry.reserveVersion('digits', 'run-1'), 1);
  assert.equal(await registry.reserveVersion('digits', 'run-2'), 2);
  assert.equal(await registry.reserveVersion('digits', 'run-1'), 1);
  assert.equal(await registry.reserveVersion('faces', 'run-3'), 1);
});

test('a version knows who serves it', async () => {
  const { servedBy: _, ...version } = aVersion(1);
  const [variant] = version.variants;
  assert.ok(variant);
  const bundle = variant.bundle;
  const state = { slots: { active: { bundle, status: 'serving' } } } as DeviceRecord['state'];
  await using hub = await setUp([aDevice('a', { state }), aDevice('b')]);
  await hub.registry.addVersion(version);
  assert.deepEqual((await hub.registry.version('digits', 1)).servedBy, ['a']);
});

test('an imported bundle is a version that was not evaluated, with its reason on record', async () => {
  await using hub = await setUp();
  await hub.registry.putModel('digits', { dataset: 'digits', recipe });
  const { manifestDigest: manifest, signatureDigest: signature } = await pack(hub.blobs, 4);
  const version = await hub.bring({ manifest, signature });
  assert.deepEqual([version.version, version.gate.verdict], [4, 'hold']);
  const [entry] = await hub.records.audit();
  assert.deepEqual([entry?.caller, entry?.detail.reason], ['ana', 'drill']);
  assert.equal(await hub.registry.reserveVersion('digits', 'run-1'), 5);
  await assert.rejects(hub.bring({ manifest, signature }), { code: 'conflict' });
});

test('a bundle whose files were not uploaded is not imported', async () => {
  await using hub = await setUp();
  await hub.registry.putModel('digits', { dataset: 'digits', recipe });
  const { manifestDigest: manifest } = await pack(hub.blobs, 1);
  await assert.rejects(hub.bring({ manifest, signature: 'f'.repeat(64) }), /Upload the signature/);
});

test('the chain behind a device holds link by link', async () => {
  await using hub = await setUp();
  const bundle = await pack(hub.blobs, 1);
  const { ok, links } = await whyOf(hub.blobs, bundle.ref);
  assert.equal(ok, true);
  assert.deepEqual(
    links.map(({ kind, verified }) => `${kind} ${verified}`),
    [
      ...['device null', 'target null', 'rollout null', 'manifest true', 'signature true'],
      ...['graph true', 'model true', 'calibration true', 'run true', 'recipe true'],
      ...['snapshot true', 'gate null'],
    ],
  );
});

test('a model that was trained further from an imported one leads to its bytes', async () => {
  await using hub = await setUp();
  const base = await hub.blobs.put(utf8('an imported model'));
  const { layers: _, input: __, ...settings } = recipe;
  const tune = { ...settings, base: { model: base, classes: 2 } };
  const bundle = await pack(hub.blobs, 1, JSON.stringify(tune));
  const { ok, links } = await whyOf(hub.blobs, bundle.ref);
  assert.equal(ok, true);
  assert.equal(links.find(({ kind }) => kind === 'base')?.id, base);
  const broken = await whyOf(damaged(hub.blobs, base), bundle.ref);
  assert.deepEqual(
    broken.links.filter(({ verified }) => verified === false).map(({ kind }) => kind),
    ['base'],
  );
});

test('one altered byte anywhere in the chain is found and named', async () => {
  await using hub = await setUp();
  const bundle = await pack(hub.blobs, 1);
  const { lineage, blobs: files } = bundle.manifest;
  const places = [
    ['manifest', bundle.manifestDigest],
    ['signature', bundle.signatureDigest],
    ['graph', files[0]?.sha256 ?? ''],
    ['model', lineage.model],
    ['calibration', lineage.calibration ?? ''],
    ['run', lineage.run],
    ['recipe', lineage.recipe],
    ['snapshot', lineage.snapshot],
    ['snapshot', bundle.shard],
  ] as const;
  for (const [kind, digest] of places) {
    const { ok, links } = await whyOf(damaged(hub.blobs, digest), bundle.ref);
    const broken = links.filter(({ verified }) => verified === false);
    assert.equal(ok, false, kind);
    assert.deepEqual(
      broken.map((link) => link.kind),
      [kind],
    );
    assert.match(broken[0]?.label ?? '', /damaged/);
  }
});

test('a bundle that another key has signed does not hold', async () => {
  await using hub = await setUp();
  const bundle = await pack(hub.blobs, 1);
  const { ok, links } = await whyOf(hub.blobs, bundle.ref, generateKey().publicKeyPem);
  assert.equal(ok, false);
  assert.deepEqual(
    links.filter(({ verified }) => verified === false).map(({ kind }) => kind),
    ['signature'],
  );
});

function whyOf(blobs: BlobStore, active: DeviceRecord['active'], publicKeyPem = keys.publicKeyPem) {
  const device = aDevice('d1', { active, rollout: 'rollout-1', generation: 3 });
  const version: ModelVersion = aVersion(1);
  const why = createLineage({
    ...{ blobs, sha256, verifiers: [createVerifier(publicKeyPem)] },
    device: () => Promise.resolve(device),
    version: () => Promise.resolve(version),
  });
  return why('d1');
}

/** The store after one byte of one blob has rotted. */
function damaged(blobs: BlobStore, digest: string): BlobStore {
  return {
    ...blobs,
    get(wanted) {
      if (wanted !== digest) return blobs.get(wanted);
      const reason = `The blob ${digest} is damaged on disk.`;
      return Promise.reject(new FleetError('digest-mismatch', reason));
    },
  };
}

test('a recipe that tells apart more classes than the data have is refused with both numbers', async () => {
  await using hub = await setUp();
  const layers = [{ kind: 'flatten' }, { kind: 'dense', units: 3 }];
  await assert.rejects(
    hub.registry.putModel('digits', { dataset: 'digits', recipe: { ...recipe, layers } }),
    (error) =>
      error instanceof FleetError &&
      error.code === 'invalid-argument' &&
      /3 classes apart.*has 2/.test(error.reason),
  );
});
