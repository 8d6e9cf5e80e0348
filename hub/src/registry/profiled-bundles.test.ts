import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBundle } from '@edgewise/models/bundle';
import { createSigner, generateKey, sha256 } from '@edgewise/models/crypto';
import type { ModelInfo, ModelVersion } from '@edgewise/protocol/http';
import { createSignal } from '../signal.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { createProfiledBundles } from './profiled-bundles.ts';
import type { Registry } from './registry.ts';

const signer = createSigner(generateKey().privateKeyPem);

/** A registry that can be given versions, and counts how often it is searched. */
function setUp() {
  const blobs = createMemoryBlobs();
  const versionAdded = createSignal<ModelVersion>((thrown) => assert.fail(String(thrown)));
  const versions: ModelVersion[] = [];
  let searches = 0;
  const registry = {
    versionAdded,
    models: () => {
      searches++;
      return Promise.resolve([{ id: 'digits' } as ModelInfo]);
    },
    versions: () => Promise.resolve(versions.toReversed()),
  } as unknown as Registry;

  async function register(number: number, reference: string): Promise<void> {
    const digest = 'd'.repeat(64);
    const bundle = await packBundle(
      {
        ...{ minAgent: '0.1.0', model: 'digits', version: number, deviceClass: 'x64' },
        ...{ createdAtMs: 1, task: { kind: 'raw' }, profileOutput: 'profile' },
        inputs: [{ name: 'input', dtype: 'uint8', dims: [4], source: 'vector' }],
        profile: { bins: digest, reference },
        parity: { tolerance: 0.1, topAgreement: 0.9 },
        lineage: { recipe: digest, snapshot: digest, run: digest, model: digest },
        window: { samples: 100, maxSpanMs: 1000, minSpanMs: 0 },
      },
      new Map([['profile.json', new TextEncoder().encode(reference)]]),
      { signer, sha256 },
    );
    for (const bytes of bundle.files.values()) await blobs.put(bytes);
    const whole = aVersion(number);
    const variants = whole.variants.slice(0, 1).map((one) => ({ ...one, bundle: bundle.ref }));
    versions.push({ ...whole, variants });
    versionAdded.emit({ ...whole, variants });
  }

  const bundles = createProfiledBundles({ registry, blobs });
  return { bundles, register, searches: () => searches };
}

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);
const carried = (digest: string): string => digest.slice(0, 16);

test('a window names its bundle by the digest of the reference counts', async () => {
  const { bundles, register } = setUp();
  await register(1, a);
  await register(2, b);
  const found = await bundles.byReference(carried(b));
  const profile = sha256(new TextEncoder().encode(b));
  assert.deepEqual(found, { model: 'digits', version: 2, profile });
});

test('of bundles with the same counts the first registered is meant', async () => {
  const { bundles, register } = setUp();
  await register(1, a);
  await register(2, a);
  assert.equal((await bundles.byReference(carried(a)))?.version, 1);
});

test('an unknown reference is searched once, and again after a registration', async () => {
  const { bundles, register, searches } = setUp();
  await register(1, a);
  assert.equal(await bundles.byReference(carried(b)), undefined);
  assert.equal(await bundles.byReference(carried(b)), undefined);
  assert.equal(searches(), 1);
  await register(2, b);
  assert.equal((await bundles.byReference(carried(b)))?.version, 2);
});
