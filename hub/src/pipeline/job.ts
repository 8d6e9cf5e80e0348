import { WindowPolicy } from '@edgewise/models/bundle';
import {
  Count,
  DeviceClassSchema,
  Digest,
  documentReader,
  Id,
  limits,
  TimestampMs,
  Version,
} from '@edgewise/protocol';
import Type, { type Static } from 'typebox';

/** The version that a new one is compared with, and that retraining starts from. */
export const Champion = Type.Object({
  version: Version,
  /** Digest of its float graph. */
  model: Digest,
  variants: Type.Array(
    Type.Object({
      deviceClass: DeviceClassSchema,
      manifest: Digest,
      graph: Digest,
      graphBytes: Count,
      probabilities: Type.String(),
    }),
  ),
});
export type Champion = Static<typeof Champion>;

/**
 * All that decides the outcome of a run. It is stored as a blob, and its digest stands in every
 * manifest the run makes: the same job on the same runtime gives the same weights.
 */
export const Job = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  run: Type.String(),
  kind: Type.Enum(['train', 'retrain']),
  model: Id,
  version: Version,
  classes: Type.Array(Type.String()),
  recipe: Digest,
  snapshot: Digest,
  seed: Count,
  createdAtMs: TimestampMs,
  /** What variants are built for. */
  deviceClasses: Type.Array(DeviceClassSchema),
  window: WindowPolicy,
  /** Threads within one operator; part of the job since results are byte-equal only for an equal number. */
  threads: Type.Integer({ minimum: 1, maximum: 64 }),
  champion: Type.Union([Champion, Type.Null()]),
});
export type Job = Static<typeof Job>;

const read = documentReader(Job);

/** The bytes whose digest is the lineage of a run. */
export const encodeJob = (job: Job): Uint8Array => new TextEncoder().encode(JSON.stringify(job));
/** Reads what `encodeJob` wrote. Throws `malformed` or `newer-version`. */
export const decodeJob = (bytes: Uint8Array): Job => read(bytes, limits.requestBytes);
