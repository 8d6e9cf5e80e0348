import { Count, Digest, FleetError, Id } from '@edgewise/protocol';
import type { Dataset, DatasetPart } from '@edgewise/protocol/http';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { DatasetFacts, Shard } from './dataset-records.ts';

const digests = Type.Array(Digest);

/** A labelled input from a device, as a snapshot keeps it. */
export const SnapshotSample = Type.Object({
  sample: Digest,
  label: Count,
  device: Id,
  reason: Type.Enum(['random', 'uncertain', 'policy']),
  /** `gate` samples judge models and never teach them. */
  use: Type.Enum(['train', 'gate']),
  alarm: Type.Union([Type.String(), Type.Null()]),
});
export type SnapshotSample = Static<typeof SnapshotSample>;

/** What a snapshot's digest is the digest of. Lists are sorted, so equal content has equal bytes. */
export const SnapshotDocument = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  dataset: Id,
  dims: Type.Array(Count),
  dtype: Type.String(),
  classes: Type.Array(Type.String()),
  /** Digests of the shards by part. */
  shards: Type.Object({ train: digests, validation: digests, test: digests }),
  field: Type.Array(SnapshotSample),
});
export type SnapshotDocument = Static<typeof SnapshotDocument>;

/** The present state of a data set as a document. Pure. */
export function composeSnapshot(
  dataset: DatasetFacts,
  shards: readonly Shard[],
  field: readonly SnapshotSample[],
): SnapshotDocument {
  const of = (part: DatasetPart) =>
    shards
      .filter((shard) => shard.part === part)
      .map(({ digest }) => digest)
      .sort();
  return {
    v: 1,
    dataset: dataset.id,
    dims: dataset.dims,
    dtype: dataset.dtype,
    classes: dataset.classes,
    shards: { train: of('train'), validation: of('validation'), test: of('test') },
    field: field
      .map(({ sample, label, device, reason, use, alarm }) => ({
        ...{ sample, label, device, reason, use, alarm },
      }))
      .sort((a, b) => (a.sample < b.sample ? -1 : 1)),
  };
}

/** The bytes whose SHA-256 names the snapshot. */
export function encodeSnapshot(document: SnapshotDocument): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

/** Reads what `encodeSnapshot` wrote; throws `malformed`. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotDocument {
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!Value.Check(SnapshotDocument, document)) {
    throw new FleetError('malformed', 'The snapshot is not written as a snapshot should be.');
  }
  return document;
}

/** Samples by part. */
export function countSamples(shards: readonly Shard[], field: number): Dataset['counts'] {
  const of = (part: DatasetPart) =>
    shards.filter((shard) => shard.part === part).reduce((sum, { samples }) => sum + samples, 0);
  return { train: of('train'), validation: of('validation'), test: of('test'), field };
}
