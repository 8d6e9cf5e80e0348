import {
  type BundleFacts,
  encodeGolden,
  makeGolden,
  type PackedBundle,
  packBundle,
  type Signer,
} from '@edgewise/models/bundle';
import { createSigner, generateKey, sha256 } from '@edgewise/models/crypto';
import type { Runtime } from '@edgewise/models/runtime';
import { createSimulatedRuntime } from '@edgewise/models/runtime-simulated';
import { tensor } from '@edgewise/models/tensor';

/** Two by two grey pixels in, three classes out. */
export const tinyRuntime = (): Runtime =>
  createSimulatedRuntime({
    inputs: [{ name: 'image', dtype: 'uint8', dims: [undefined, 1, 2, 2] }],
    outputs: [{ name: 'probabilities', dtype: 'float32', dims: [undefined, 3] }],
  });

/** Signs the bundles and orders of tests. */
export const aSigner = (): Signer => createSigner(generateKey().privateKeyPem);

export interface ABundleOptions {
  readonly signer: Signer;
  readonly facts?: Partial<BundleFacts>;
  /** Size of the graph, which decides how many blocks it has. */
  readonly graphBytes?: number;
  /** Makes the golden answers those of another graph. */
  readonly wrongGolden?: boolean;
}

/** A signed bundle for `tinyRuntime`; other versions have other graphs. */
export async function aBundle(options: ABundleOptions): Promise<PackedBundle> {
  const version = options.facts?.version ?? 1;
  const graph = Uint8Array.from(
    { length: options.graphBytes ?? 70_000 },
    (_, index) => (index * 31 + version * 7 + (index >> 8)) % 251,
  );
  const goldenGraph = options.wrongGolden === true ? graph.slice(1) : graph;
  await using session = await tinyRuntime().load(goldenGraph);
  const inputs = {
    image: tensor(
      'uint8',
      [4, 1, 2, 2],
      Uint8Array.from({ length: 16 }, (_, i) => i),
    ),
  };
  const golden = encodeGolden(await makeGolden(session, inputs));
  const blobs = new Map([
    ['graph.onnx', graph],
    ['golden.bin', golden],
  ]);
  return await packBundle(factsOf(options.facts), blobs, { signer: options.signer, sha256 });
}

function factsOf(changes: Partial<BundleFacts> = {}): BundleFacts {
  const digest = (character: string) => character.repeat(64);
  return {
    minAgent: '0.1.0',
    model: 'tiny',
    version: 1,
    deviceClass: 'x64',
    createdAtMs: 1_700_000_000_000,
    task: { kind: 'classification', classes: ['a', 'b', 'c'], output: 'probabilities' },
    inputs: [{ name: 'image', dtype: 'uint8', dims: [1, 2, 2], source: 'image' }],
    parity: { tolerance: 0.01, topAgreement: 1 },
    lineage: { recipe: digest('a'), snapshot: digest('b'), run: digest('c'), model: digest('d') },
    window: { samples: 100, maxSpanMs: 60_000, minSpanMs: 0 },
    ...changes,
  };
}
