import Type, { type Static } from 'typebox';
import { Count, Digest, Id, TimestampMs, Version } from '../ids.ts';

/** A named, growing set of samples. */
export const Dataset = Type.Object({
  id: Id,
  /** Sizes of one input, without the batch. */
  dims: Type.Array(Count),
  dtype: Type.String(),
  classes: Type.Array(Type.String()),
  /** Samples by part: `train` teaches, `validation` calibrates and gates, `test` only measures, `field` came from devices. */
  counts: Type.Object({ train: Count, validation: Count, test: Count, field: Count }),
  createdAtMs: TimestampMs,
});
export type Dataset = Static<typeof Dataset>;

/** Parts of a data set that files are imported into; the field's samples come from devices. */
export const datasetParts = ['train', 'validation', 'test'] as const;
export type DatasetPart = (typeof datasetParts)[number];

/** An immutable state of a data set, named by its content. */
export const Snapshot = Type.Object({
  digest: Digest,
  dataset: Id,
  counts: Type.Object({ train: Count, validation: Count, test: Count, field: Count }),
  createdAtMs: TimestampMs,
});
export type Snapshot = Static<typeof Snapshot>;

/** A sample from the field that waits for a label, or has one. */
export const FieldSample = Type.Object({
  sample: Digest,
  device: Id,
  model: Id,
  version: Version,
  atMs: TimestampMs,
  reason: Type.Enum(['random', 'uncertain', 'policy']),
  predicted: Count,
  confidence: Type.Number(),
  alarm: Type.Union([Type.String(), Type.Null()]),
  dims: Type.Array(Count),
  dtype: Type.String(),
  status: Type.Enum(['waiting', 'labelled', 'skipped']),
  label: Type.Union([Count, Type.Null()]),
});
export type FieldSample = Static<typeof FieldSample>;
