import type { DType } from '@edgewise/models/tensor';
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
 * Reads a snapshot and everything it names; every digest is checked on the way. Rejects with
 * `digest-mismatch` for altered bytes and `not-found` for missing ones.
 */
export async function readSnapshot(blobs: BlobStore, digest: string): Promise<SnapshotData> {
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
  return {
    document,
    train: await join(document.shards.train),
    validation: await join(document.shards.validation),
    test: await join(document.shards.test),
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
