import { sha256 } from '../../crypto/digest.ts';
import { createSigner, generateKey } from '../../crypto/keys.ts';
import { type BundleFacts, type PackedBundle, packBundle } from '../pack.ts';
import type { Signer } from '../ports.ts';

const digest = (character: string): string => character.repeat(64);

/** Facts of a small bundle of two blobs; `changes` replaces some of them. */
export function someFacts(changes: Partial<BundleFacts> = {}): BundleFacts {
  return {
    minAgent: '0.1.0',
    model: 'digits',
    version: 1,
    deviceClass: 'x64',
    createdAtMs: 1_700_000_000_000,
    task: { kind: 'classification', classes: ['zero', 'one'], output: 'probabilities' },
    inputs: [{ name: 'image', dtype: 'uint8', dims: [1, 28, 28], source: 'image' }],
    parity: { tolerance: 0.01, topAgreement: 1 },
    lineage: { recipe: digest('a'), snapshot: digest('b'), run: digest('c'), model: digest('d') },
    window: { samples: 100, maxSpanMs: 60_000, minSpanMs: 0 },
    ...changes,
  };
}

/** Blobs of which the first has three blocks. */
export function someBlobs(): Map<string, Uint8Array> {
  const graph = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 251);
  return new Map([
    ['graph.onnx', graph],
    ['golden.bin', new Uint8Array([1, 2, 3])],
  ]);
}

/** A signed bundle and who signed it. */
export async function someBundle(
  changes: Partial<BundleFacts> = {},
  signer: Signer = createSigner(generateKey().privateKeyPem),
): Promise<PackedBundle & { readonly publicKeyPem: string }> {
  const bundle = await packBundle(someFacts(changes), someBlobs(), { signer, sha256 });
  return { ...bundle, publicKeyPem: signer.publicKeyPem };
}
