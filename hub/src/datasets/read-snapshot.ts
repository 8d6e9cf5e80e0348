import type { DType } from '@edgewise/models/tensor';
import { type DatasetPart, datasetParts } from '@edgewise/protocol/http';
import type { BlobStore } from '../store/blobs.ts';
import { decodeSamples, joinSamples, type Samples } from './samples.ts';
import { decodeSnapshot, type SnapshotDocument, type SnapshotSample } from './snapshot.ts';

/** All samples of a snapshot, ready to train on. */
export interface SnapshotData {
  readonly document: SnapshotDocument;
  readonly train: Samples;
  readonly validation: Samples;
  readonly test: Samples;
  /** Samples from devices; `origins` are in the same order. */
  readonly field: Samples;
  readonly origins: readonly SnapshotSample[];
}

/**
 * Reads a snapshot and everything it names, or only the parts that are wanted: the others are empty; every digest is checked on the way. Rejects with
 * `digest-mismatch` for altered bytes and `not-found` for missing ones.
 */
export async function readSnapshot(
  blobs: BlobStore,
  digest: string,
  options: { readonly parts?: readonly DatasetPart[] } = {},
): Promise<SnapshotData> {
  const { parts = datasetParts } = options;
  const document = decodeSnapshot(await blobs.get(digest));
  const like = { dims: document.dims, dtype: document.dtype as DType };
  const join = async (digests: readonly string[]): Promise<Samples> => {
    const shards: Samples[] = [];
    for (const shard of digests) shards.push(decodeSamples(await blobs.get(shard)));
    return joinSamples(shards, like);
  };
  const field: Samples[] = [];
  for (const { sample, label } of document.field) {
    field.push(fieldSample(await blobs.get(sample), label, like));
  }
  const read = (part: DatasetPart) => join(parts.includes(part) ? document.shards[part] : []);
  return {
    document,
    train: await read('train'),
    validation: await read('validation'),
    test: await read('test'),
    field: joinSamples(field, like),
    origins: document.field,
  };
}

/** Field samples are stored as devices send them: the raw input, little-endian. */
function fieldSample(
  bytes: Uint8Array,
  label: number,
  like: { readonly dims: readonly number[]; readonly dtype: DType },
): Samples {
  const data = like.dtype === 'uint8' ? bytes : new Float32Array(bytes.slice().buffer);
  return {
    inputs: { dtype: like.dtype, dims: [1, ...like.dims], data } as Samples['inputs'],
    labels: Int32Array.of(label),
  };
}
