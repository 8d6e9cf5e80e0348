import type { Client } from '@edgewise/hub/client';
import {
  encodeGolden,
  makeGolden,
  type PackedBundle,
  packBundle,
  type Signer,
} from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { encodeNpz } from '@edgewise/models/data';
import type { Runtime } from '@edgewise/models/runtime';
import { createSimulatedRuntime } from '@edgewise/models/runtime-simulated';
import { tensor } from '@edgewise/models/tensor';
import type { DeviceClass } from '@edgewise/protocol';

/** Name of the model and of its data set. */
export const simulatedModel = 'load';
/** What every simulated agent says it is. */
export const simulatedClass: DeviceClass = 'x64';
const classes = ['a', 'b', 'c'];
const dims = [2, 2, 1];

/** The engine of simulated agents: any bytes are a model. */
export function simulatedRuntime(): Runtime {
  return createSimulatedRuntime({
    inputs: [{ name: 'input', dtype: 'uint8', dims: [undefined, ...dims] }],
    outputs: [{ name: 'probabilities', dtype: 'float32', dims: [undefined, classes.length] }],
  });
}

/** Registers the model at a hub, with a data set that is never trained on. */
export async function registerModel(client: Client): Promise<void> {
  const count = 12;
  const x = Uint8Array.from({ length: count * 4 }, (_, index) => index);
  const y = Uint8Array.from({ length: count }, (_, index) => index % classes.length);
  const arrays = new Map([
    ['x', tensor('uint8', [count, ...dims], x)],
    ['y', tensor('uint8', [count], y)],
  ]);
  await client.call('importSamples', {
    params: { dataset: simulatedModel },
    query: { part: 'train', classes: classes.join(',') },
    body: encodeNpz(arrays),
  });
  const recipe = {
    name: simulatedModel,
    task: 'classification',
    input: { shape: dims, layout: 'hwc', dtype: 'uint8', scale: 1 / 255 },
    layers: [{ kind: 'flatten' }, { kind: 'dense', units: classes.length }],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'sgd', rate: 0.1 },
    schedule: { kind: 'constant' },
    epochs: 1,
    batchSize: 4,
    seed: 1,
  };
  await client.call('putModel', {
    params: { model: simulatedModel },
    body: { dataset: simulatedModel, recipe, policies: { autoRetrain: false } },
  });
}

interface Build {
  readonly version: number;
  readonly graphBytes: number;
  readonly signer: Signer;
}

/** Packs a bundle whose graph has a given size, and registers it at a hub. */
export async function importSimulated(client: Client, build: Build): Promise<PackedBundle> {
  const bundle = await packSimulated(build);
  for (const bytes of bundle.files.values())
    await client.call('putBlob', { params: { digest: sha256(bytes) }, body: bytes });
  await client.call('importBundle', {
    params: { model: simulatedModel },
    body: {
      manifest: bundle.manifestDigest,
      signature: bundle.signatureDigest,
      reason: 'load test',
    },
  });
  return bundle;
}

async function packSimulated({ version, graphBytes, signer }: Build): Promise<PackedBundle> {
  const graph = Uint8Array.from(
    { length: graphBytes },
    (_, index) => (index * 31 + version * 7 + (index >> 8)) % 251,
  );
  await using session = await simulatedRuntime().load(graph);
  const inputs = {
    input: tensor(
      'uint8',
      [4, ...dims],
      Uint8Array.from({ length: 16 }, (_, index) => index),
    ),
  };
  const blobs = new Map([
    ['graph.onnx', graph],
    ['golden.bin', encodeGolden(await makeGolden(session, inputs))],
  ]);
  const digest = (character: string) => character.repeat(64);
  const facts = {
    minAgent: '0.1.0',
    model: simulatedModel,
    version,
    deviceClass: simulatedClass,
    createdAtMs: Date.now(),
    task: { kind: 'classification', classes, output: 'probabilities' } as const,
    inputs: [{ name: 'input', dtype: 'uint8', dims, source: 'image' }] as const,
    parity: { tolerance: 0.01, topAgreement: 1 },
    lineage: { recipe: digest('a'), snapshot: digest('b'), run: digest('c'), model: digest('d') },
    window: { samples: 100, maxSpanMs: 60_000, minSpanMs: 0 },
  };
  return await packBundle({ ...facts, inputs: [...facts.inputs] }, blobs, { signer, sha256 });
}
