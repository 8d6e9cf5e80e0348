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
import { dtypes } from '../tensor/tensor.ts';

/** One file of a bundle. Every block is checked as it arrives: `blocks` are SHA-256 of 32 KiB each. */
export const BlobEntry = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }),
  sha256: Digest,
  sizeBytes: Type.Integer({ minimum: 1, maximum: limits.blobBytes }),
  blocks: Type.Array(Digest, { minItems: 1, maxItems: 16_384 }),
});
export type BlobEntry = Static<typeof BlobEntry>;

/** One input of the model: what a source must deliver. */
export const ModelInput = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  dtype: Type.Enum([...dtypes]),
  /** Sizes of one item, without the batch. */
  dims: Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 6 }),
  source: Type.Enum(['image', 'vector', 'waveform', 'tensor']),
});
export type ModelInput = Static<typeof ModelInput>;

/** What a prediction means. Later tasks are further members of this union. */
export const Task = Type.Union([
  Type.Object({
    kind: Type.Literal('classification'),
    /** Names in the order of the output's classes. */
    classes: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      minItems: 2,
      maxItems: limits.classes,
    }),
    /** Graph output with one probability per class, shape [batch, classes]. */
    output: Type.String({ minLength: 1, maxLength: 200 }),
  }),
  Type.Object({ kind: Type.Literal('raw') }),
]);
export type Task = Static<typeof Task>;

/** When a window closes: at `samples` counted inputs or after `maxSpanMs`, whichever comes first. */
export const WindowPolicy = Type.Object({
  samples: Type.Integer({ minimum: 1, maximum: 100_000 }),
  maxSpanMs: Type.Integer({ minimum: 100 }),
  /** Fast streams are thinned so that a window spans at least this; 0 counts every input. */
  minSpanMs: Type.Integer({ minimum: 0 }),
});
export type WindowPolicy = Static<typeof WindowPolicy>;

/**
 * The first file of a bundle: it names every other by digest. A bundle is data, never code.
 * Blobs of version 1: `graph.onnx`, `profile.json` (bin edges and reference counts) and
 * `golden.bin` (golden vectors); `model.sig` signs manifest.json and the blobs and is not listed.
 */
export const Manifest = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  formatVersion: Type.Integer({ minimum: 1 }),
  /** Oldest agent that can run it, as a semantic version. */
  minAgent: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
  model: Id,
  version: Version,
  deviceClass: DeviceClassSchema,
  createdAtMs: TimestampMs,
  task: Task,
  inputs: Type.Array(ModelInput, { minItems: 1, maxItems: 16 }),
  /** Recurrent pairs: this output is fed back as that input. */
  state: Type.Array(Type.Object({ output: Type.String(), input: Type.String() }), { maxItems: 64 }),
  blobs: Type.Array(BlobEntry, { minItems: 1, maxItems: 64 }),
  /** Graph output that holds the profile vector, shape [batch, features]; absent without a profile. */
  profileOutput: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  profile: Type.Optional(
    Type.Object({
      /** Digest of the bin edges: belongs to the model version. */
      bins: Digest,
      /** Digest of the reference counts: belongs to the variant. */
      reference: Digest,
    }),
  ),
  /** How far golden outputs may deviate on the device. */
  parity: Type.Object({
    /** Largest absolute deviation of any output; the greatest of `outputs` where there are some. */
    tolerance: Type.Number({ minimum: 0 }),
    /** Largest absolute deviation by output, each in its own units. */
    outputs: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0 }))),
    /** Root mean square of the deviations of an output, at most; absent: not limited. */
    rms: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0 }))),
    /** Smallest share of vectors whose top class agrees, 0 to 1. */
    topAgreement: Type.Number({ minimum: 0, maximum: 1 }),
  }),
  /** What it was made from; each digest can be followed at the hub. */
  lineage: Type.Object({
    recipe: Digest,
    snapshot: Digest,
    run: Digest,
    /** Digest of the fp32 graph. */
    model: Digest,
    /** Digest of the calibration inputs; absent for variants that need none. */
    calibration: Type.Optional(Digest),
    /** Manifest of the version it was retrained from. */
    parent: Type.Optional(Digest),
  }),
  window: WindowPolicy,
  sizeBytes: Count,
});
export type Manifest = Static<typeof Manifest>;

const read = documentReader(Manifest);

/** Reads manifest.json. Throws `malformed`, `newer-version` or `too-large`. */
export const readManifest = (bytes: Uint8Array): Manifest => read(bytes, limits.manifestBytes);
