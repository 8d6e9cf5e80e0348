import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noBrowser } from '@edgewise/desktop/testing';
import { encodeGolden, type PackedBundle, packBundle } from '@edgewise/models/bundle';
import { createSigner, generateKey, sha256 } from '@edgewise/models/crypto';
import { createGraphBuilder } from '@edgewise/models/onnx';
import { type BuiltVariant, buildVariants } from '@edgewise/models/plan';
import { createRandom } from '@edgewise/models/random';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import type { DeviceClass } from '@edgewise/protocol';
import type { PageProof } from './page/prove.ts';
import { openWebModule, type WebModule } from './web-module.ts';

const skip = noBrowser;
const signer = createSigner(generateKey().privateKeyPem);
const random = createRandom(7);
const numbers = (count: number, scale: number) =>
  Float32Array.from({ length: count }, () => (random.next() - 0.5) * scale);

/** Vectors of 256 numbers from 0 to 1 to four classes, through a layer of these weights. */
function classifier(weights: Float32Array) {
  const graph = createGraphBuilder({ name: 'classifier' });
  const x = graph.input('x', 'float32', ['batch', 256]);
  const hidden = graph.op('MatMul', [x, graph.constant(tensor('float32', [256, 16], weights))]);
  const scores = graph.op('MatMul', [
    hidden,
    graph.constant(tensor('float32', [16, 4], numbers(64, 0.5))),
  ]);
  graph.op('Softmax', [scores], { output: 'probabilities' });
  graph.output('probabilities', 'float32', ['batch', 4]);
  return graph.build();
}

const inputs = tensor(
  'float32',
  [64, 256],
  Float32Array.from({ length: 64 * 256 }, () => random.next()),
);

async function variantOf(weights: Float32Array, deviceClass: DeviceClass): Promise<BuiltVariant> {
  const [variant] = await buildVariants(classifier(weights), {
    ...{ calibration: { x: inputs }, runtime: createOnnxRuntime(), host: 'x64' },
    ...{ deviceClasses: [deviceClass], topOutput: 'probabilities' },
  });
  assert.ok(variant);
  return variant;
}

function bundleOf({ deviceClass, graph, golden, parity }: BuiltVariant): Promise<PackedBundle> {
  const digest = 'a'.repeat(64);
  return packBundle(
    {
      ...{ minAgent: '0.1.0', model: 'classifier', version: 1, deviceClass, createdAtMs: 1 },
      task: { kind: 'classification', classes: ['a', 'b', 'c', 'd'], output: 'probabilities' },
      inputs: [{ name: 'x', dtype: 'float32', dims: [256], source: 'vector' }],
      parity,
      lineage: { recipe: digest, snapshot: digest, run: digest, model: digest },
      window: { samples: 100, maxSpanMs: 1000, minSpanMs: 0 },
    },
    new Map([
      ['graph.onnx', graph],
      ['golden.bin', encodeGolden(golden)],
    ]),
    { signer, sha256 },
  );
}

const cleanup = new AsyncDisposableStack();
let prover: WebModule;
before(async () => {
  if (skip) return;
  const entry = fileURLToPath(new URL('page/prove.ts', import.meta.url));
  prover = cleanup.use(await openWebModule(entry, 'prove'));
});
after(() => cleanup.disposeAsync());

async function provedInPage(name: string, variant: BuiltVariant): Promise<PageProof> {
  const { files } = await bundleOf(variant);
  const { folder, url, page } = prover;
  await mkdir(path.join(folder, name));
  for (const [file, bytes] of files) await writeFile(path.join(folder, name, file), bytes);
  const proof = (await page.evaluate(`prove(${JSON.stringify(`${url}/${name}`)})`)) as PageProof;
  assert.deepEqual(prover.complaints(), []);
  return proof;
}

test('a browser proves the variant that is planned for it', { skip }, async () => {
  const variant = await variantOf(numbers(4096, 1), 'web-wasm');
  const proof = await provedInPage('planned', variant);
  assert.match(proof.build, /^onnxruntime-web \d+\.\d+\.\d+ wasm/);
  assert.deepEqual([proof.ok, proof.topAgreement], [true, 1]);
  assert.equal(proof.vectors, variant.golden.vectors);
  assert.ok(proof.largestDeviation < 1e-5, String(proof.largestDeviation));
});

test('what saturates on x64 without VNNI is exact in a browser, so it is accepted there', {
  skip,
}, async () => {
  // Neighbouring weights at the end of their range under inputs near theirs: pairs pass 32,767.
  const weights = Float32Array.from({ length: 4096 }, (_, at) => (at % 16 < 8 ? 0.02 : -0.02));
  const proof = await provedInPage('saturating', await variantOf(weights, 'x64-vnni'));
  assert.equal(proof.ok, true, String(proof.largestDeviation));
});

test('a browser refuses a bundle whose golden answers are others', { skip }, async () => {
  const [variant, stranger] = [
    await variantOf(numbers(4096, 1), 'web-wasm'),
    await variantOf(numbers(4096, 1), 'web-wasm'),
  ];
  const proof = await provedInPage('other', { ...variant, graph: stranger.graph });
  assert.equal(proof.ok, false);
  assert.ok(proof.largestDeviation > variant.parity.tolerance);
});
