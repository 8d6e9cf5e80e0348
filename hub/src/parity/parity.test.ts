import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBundle } from '@edgewise/models/bundle';
import { createSigner, generateKey, sha256 } from '@edgewise/models/crypto';
import { type DeviceState, FleetError, type ParityReport } from '@edgewise/protocol';
import type { ModelVersion, ParityRow } from '@edgewise/protocol/http';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openDatabase } from '../store/open-database.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { aDevice, createMemoryFleet } from '../testing/memory-fleet.test.fixture.ts';
import { createSqliteParityRecords } from './adapters/sqlite-parity-records.ts';
import { createParity } from './parity.ts';

const signer = createSigner(generateKey().privateKeyPem);
const digest = 'd'.repeat(64);

/** Two versions whose manifests lie in the blob store, and a fleet that can report. */
async function setUp() {
  const db = await openDatabase(':memory:');
  const blobs = createMemoryBlobs();
  const fleet = createMemoryFleet([
    aDevice('cam-1'),
    aDevice('cam-2'),
    aDevice('pi', { deviceClass: 'arm64-dot' }),
  ]);
  const versions: ModelVersion[] = [];
  for (const number of [2, 1]) {
    const version = aVersion(number);
    const variants: ModelVersion['variants'][number][] = [];
    for (const variant of version.variants) {
      const { deviceClass } = variant;
      const bundle = await packBundle(
        {
          ...{ minAgent: '0.1.0', model: 'digits', version: number, deviceClass, createdAtMs: 1 },
          task: { kind: 'raw' },
          inputs: [{ name: 'input', dtype: 'uint8', dims: [4], source: 'vector' }],
          parity: { tolerance: 0.25, topAgreement: 0.9 },
          lineage: { recipe: digest, snapshot: digest, run: digest, model: digest },
          window: { samples: 100, maxSpanMs: 1000, minSpanMs: 0 },
        },
        new Map([['graph.onnx', Uint8Array.of(number)]]),
        { signer, sha256 },
      );
      for (const bytes of bundle.files.values()) await blobs.put(bytes);
      variants.push({ ...variant, bundle: bundle.ref });
    }
    versions.push({ ...version, variants });
  }
  const registry = {
    model: () => Promise.resolve({} as never),
    versions: () => Promise.resolve(versions),
    version: (_: string, number: number) => {
      const found = versions.find(({ version }) => version === number);
      if (found === undefined) throw new FleetError('not-found', 'No such version.');
      return Promise.resolve(found);
    },
  };
  const start = () =>
    createParity({
      ...{ records: createSqliteParityRecords(db), fleet, registry, blobs },
      onError: (thrown) => assert.fail(String(thrown)),
    });
  const refOf = (version: number, deviceClass: string) => {
    const variants = versions.find((each) => each.version === version)?.variants ?? [];
    const found = variants.find((each) => each.deviceClass === deviceClass);
    assert.ok(found);
    return found.bundle;
  };
  return { fleet, start, refOf, [Symbol.asyncDispose]: () => db.destroy() };
}

const certificate: ParityReport = {
  ...{ vectors: 12, largestDeviation: 0.01, topAgreement: 1, ok: true },
  ...{ runtime: 'onnxruntime 1.30.0 x64', deviceClass: 'x64-vnni', atMs: 5 },
};

function aState(device: string, change: Partial<DeviceState>): DeviceState {
  return {
    ...{ v: 1, device, instance: 'i', protocol: 1, agentVersion: '0.1.0' },
    ...{ deviceClass: 'x64-vnni', atMs: 9, clock: 'system', observedGeneration: 1 },
    ...{ slots: {}, refusals: [] },
    health: {
      ...{ uptimeMs: 1, rssBytes: 1, served: 1 },
      ...{ outboxMessages: 0, outboxBytes: 0, outboxDropped: 0 },
    },
    ...change,
  };
}

const outcomes = (rows: readonly ParityRow[]) =>
  rows.map((row) => [
    `${row.version} ${row.deviceClass}`,
    ...row.devices.map(({ device, outcome }) => `${device} ${outcome}`),
  ]);

test('every device stands beside the variant it proved, refused or is still to try', async () => {
  await using set = await setUp();
  await using parity = set.start();
  const bundle = set.refOf(2, 'x64-vnni');
  const slots = { active: { bundle, status: 'serving', parity: certificate } } as const;
  set.fleet.report('cam-1', { state: aState('cam-1', { slots }) });
  const failed = { ...certificate, largestDeviation: 0.7, topAgreement: 0.5, ok: false };
  const refusal = { manifest: bundle.manifest, code: 'parity-failed', detail: 'No.' } as const;
  const refusals = [{ ...refusal, atMs: 7, parity: failed }];
  set.fleet.report('cam-2', { state: aState('cam-2', { refusals }) });
  const rows = await parity.matrix('digits', { limit: 1 });
  assert.deepEqual(outcomes(rows), [['2 x64'], ['2 x64-vnni', 'cam-1 proved', 'cam-2 refused']]);
  const [first, second] = rows[1]?.devices ?? [];
  assert.deepEqual([first?.parity, first?.atMs], [certificate, 5]);
  assert.deepEqual([second?.parity, second?.code, second?.atMs], [failed, 'parity-failed', 7]);
  assert.deepEqual(rows[1]?.golden, { vectors: 0, tolerance: 0.25, topAgreement: 0.9 });
  const earlier = await parity.matrix('digits', { version: 1, limit: 20 });
  assert.deepEqual(outcomes(earlier), [
    ['1 x64'],
    ['1 x64-vnni', 'cam-1 waiting', 'cam-2 waiting'],
  ]);
});

test('a certificate outlives its slot, the process and the device', async () => {
  await using set = await setUp();
  const bundle = set.refOf(1, 'x64-vnni');
  const slots = { active: { bundle, status: 'serving', parity: certificate } } as const;
  {
    await using parity = set.start();
    set.fleet.report('cam-1', { state: aState('cam-1', { slots }) });
    await parity.matrix('digits', { limit: 20 });
  }
  set.fleet.report('cam-1', { state: aState('cam-1', {}), revoked: true });
  await using later = set.start();
  const rows = await later.matrix('digits', { version: 1, limit: 20 });
  assert.deepEqual(outcomes(rows)[1], ['1 x64-vnni', 'cam-1 proved', 'cam-2 waiting']);
  await assert.rejects(later.matrix('digits', { version: 9, limit: 20 }), { code: 'not-found' });
});

test('a failed trial refutes no certificate, and an older agent gives the time of its report', async () => {
  await using set = await setUp();
  const bundle = set.refOf(2, 'x64-vnni');
  const { atMs: _at, runtime: _runtime, ok: _ok, deviceClass: _class, ...old } = certificate;
  const refusals = [
    { manifest: bundle.manifest, code: 'trial-failed', detail: 'No.', atMs: 8 } as const,
  ];
  set.fleet.report('cam-1', {
    state: aState('cam-1', {
      refusals,
      slots: { fallback: { bundle, status: 'serving', parity: old } },
    }),
  });
  await using parity = set.start();
  const [, row] = await parity.matrix('digits', { version: 2, limit: 20 });
  const [found] = row?.devices ?? [];
  assert.deepEqual(
    [found?.outcome, found?.deviceClass, found?.atMs, found?.parity],
    ['proved', 'x64-vnni', 9, old],
  );
});
