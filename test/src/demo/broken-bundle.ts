import type { Client } from '@edgewise/hub/client';
import { packBundle, readManifest, type Signer } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { readModel, writeModel } from '@edgewise/models/onnx';
import type { ModelVersion, Variant } from '@edgewise/protocol/http';

interface BreakOptions {
  readonly client: Client;
  /** The version that is spoiled. */
  readonly good: ModelVersion;
  /** Number of the broken version. */
  readonly version: number;
  readonly signer: Signer;
  /** Whether the graph is altered; else only the signature can be at fault. */
  readonly spoilWeights: boolean;
  readonly reason: string;
}

/** Makes a broken copy of a good version and registers it, as a fault in the pipeline or an intruder would. */
export async function registerBroken(options: BreakOptions): Promise<ModelVersion> {
  const { client, good, version, signer, spoilWeights, reason } = options;
  const variant = firstVariant(good);
  const get = (digest: string) => client.call('getBlob', { params: { digest } });
  const {
    v: _v,
    formatVersion: _format,
    blobs,
    sizeBytes: _size,
    ...facts
  } = readManifest(await get(variant.bundle.manifest));
  const files = new Map<string, Uint8Array>();
  for (const { name, sha256: digest } of blobs) {
    const bytes = await get(digest);
    files.set(name, spoilWeights && name === 'graph.onnx' ? withSpoiltWeights(bytes) : bytes);
  }
  const bundle = await packBundle({ ...facts, version }, files, { signer, sha256 });
  for (const bytes of bundle.files.values())
    await client.call('putBlob', { params: { digest: sha256(bytes) }, body: bytes });
  return await client.call('importBundle', {
    params: { model: good.model },
    body: { manifest: bundle.manifestDigest, signature: bundle.signatureDigest, reason },
  });
}

function firstVariant({ variants, model, version }: ModelVersion): Variant {
  const [variant] = variants;
  if (!variant) throw new Error(`${model} ${version} has no variant.`);
  return variant;
}

/** The same graph with the int8 weights of its largest layer turned end for end. */
function withSpoiltWeights(bytes: Uint8Array): Uint8Array {
  const model = readModel(bytes);
  const weights = [...model.graph.initializers]
    .filter(([, { dtype }]) => dtype === 'int8')
    .sort(([, a], [, b]) => b.data.length - a.data.length);
  const [largest] = weights;
  if (largest?.[1].dtype !== 'int8') throw new Error('There are no int8 weights to spoil.');
  const [name, tensor] = largest;
  const initializers = new Map(model.graph.initializers).set(name, {
    ...tensor,
    data: tensor.data.slice().reverse() as Int8Array,
  });
  return writeModel({ ...model, graph: { ...model.graph, initializers } });
}
