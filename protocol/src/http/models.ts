import Type, { type Static } from 'typebox';
import { CodeSchema } from '../documents/state.ts';
import { BundleRef } from '../documents/target.ts';
import { Count, DeviceClassSchema, Digest, Id, TimestampMs, Version } from '../ids.ts';
import { Reproduction } from './reproduction.ts';

/** How a model is watched and renewed. */
export const ModelPolicies = Type.Object({
  /** Alarm budget per device; gives the alarm line with the number of features and windows. */
  falseAlarmsPerDeviceYear: Type.Number({ exclusiveMinimum: 0 }),
  /** A fixed alarm line for M instead of the budget. */
  alarmThreshold: Type.Optional(Type.Number({ minimum: 10 })),
  /** Labels that one alarm may ask for. */
  labelBudget: Type.Integer({ minimum: 0, maximum: 10_000 }),
  /** Retrain and roll out without a person, when evidence and gates agree. */
  autoRetrain: Type.Boolean(),
  /** Accuracy that may be lost before evidence says retrain, 0 to 1. */
  toleratedLoss: Type.Number({ minimum: 0, maximum: 1 }),
  windowSamples: Type.Integer({ minimum: 50, maximum: 10_000 }),
  windowMinSpanMs: Type.Integer({ minimum: 0 }),
  windowMaxSpanMs: Type.Integer({ minimum: 1000 }),
  /** Devices publish each prediction over MQTT. */
  predictions: Type.Enum(['off', 'qos0', 'qos1']),
  /** Device classes that versions are built for besides x64, x64-vnni and those of enrolled devices. */
  buildFor: Type.Array(DeviceClassSchema, { maxItems: 16 }),
});
export type ModelPolicies = Static<typeof ModelPolicies>;

/** What a model is to be made from. */
export const ModelChange = Type.Object({
  dataset: Id,
  /** A recipe as JSON: of its own layers, or for an imported model. */
  recipe: Type.Unknown(),
  /** What is left out stays as it is, or becomes the default. */
  policies: Type.Optional(Type.Partial(ModelPolicies)),
});
export type ModelChange = Static<typeof ModelChange>;

/** A registered model: a name for a task, the recipe and data it is made from, and its policies. */
export const ModelInfo = Type.Object({
  id: Id,
  classes: Type.Array(Type.String()),
  dataset: Id,
  recipe: Digest,
  policies: ModelPolicies,
  createdAtMs: TimestampMs,
  latestVersion: Type.Union([Version, Type.Null()]),
});
export type ModelInfo = Static<typeof ModelInfo>;

/**
 * How a variant's numbers are shrunk: int8 with unsigned or signed activations, with seven-bit
 * weights, or weights that are only stored in int8.
 */
export const variantSchemes = ['u8s8', 'u8s8-reduced', 's8s8', 'weight-only'] as const;
export type VariantScheme = (typeof variantSchemes)[number];

/** A version built for one device class. */
export const Variant = Type.Object({
  deviceClass: DeviceClassSchema,
  /** `null` for one that was imported, or made before it was written down. */
  scheme: Type.Union([Type.Enum([...variantSchemes]), Type.Null()]),
  /** Why this class gets this scheme, in one sentence. */
  reason: Type.Union([Type.String(), Type.Null()]),
  bundle: BundleRef,
  /** Share of test samples answered right, 0 to 1; `null` when it was imported without evaluation. */
  accuracy: Type.Union([Type.Number(), Type.Null()]),
  graphBytes: Count,
  bundleBytes: Count,
});
export type Variant = Static<typeof Variant>;

/** What the evaluation gate found, as figures and one sentence each. */
export const GateReport = Type.Object({
  verdict: Type.Enum(['pass', 'hold', 'fail', 'first']),
  checks: Type.Array(
    Type.Object({ name: Type.String(), ok: Type.Boolean(), sentence: Type.String() }),
  ),
});
export type GateReport = Static<typeof GateReport>;

/** An immutable result of a run that passed evaluation. */
export const ModelVersion = Type.Object({
  model: Id,
  version: Version,
  createdAtMs: TimestampMs,
  run: Type.String(),
  snapshot: Digest,
  recipe: Digest,
  parent: Type.Union([Version, Type.Null()]),
  /** The imported model that was trained further; absent where the recipe has layers of its own. */
  base: Type.Optional(Digest),
  /** The float graph it was shrunk from; accuracy and size are `null` when it was imported without it. */
  fp32: Type.Object({
    accuracy: Type.Union([Type.Number(), Type.Null()]),
    graphBytes: Type.Union([Count, Type.Null()]),
    digest: Digest,
  }),
  variants: Type.Array(Variant),
  gate: GateReport,
  /** Devices that serve it now. */
  servedBy: Type.Array(Id),
});
export type ModelVersion = Static<typeof ModelVersion>;

/** An imported model that recipes may train further: they name it by its digest. */
export const BaseModel = Type.Object({
  digest: Digest,
  sizeBytes: Count,
  inputs: Type.Array(
    Type.Object({
      name: Type.String(),
      dtype: Type.Union([Type.String(), Type.Null()]),
      /** A number, the name of an open size, or `null` for one without a name. */
      dims: Type.Array(Type.Union([Count, Type.String(), Type.Null()])),
    }),
  ),
  /** Weights below its head, by the names that a recipe's `freeze` knows them by. */
  weights: Type.Array(Type.String()),
});
export type BaseModel = Static<typeof BaseModel>;

/** One point of a learning curve: a step now and then, and the end of each epoch. */
export const Metric = Type.Object({
  step: Count,
  /** Epochs that were done by then. */
  epoch: Type.Number(),
  /** Of this step; at the end of an epoch the mean over its steps. */
  loss: Type.Number(),
  /** At the end of an epoch: share of its training samples answered right meanwhile, 0 to 1. */
  trainingAccuracy: Type.Optional(Type.Number()),
  /** Accuracy on the validation part, 0 to 1, where it was measured. */
  accuracy: Type.Optional(Type.Number()),
  /** Mean loss on the validation part, where it was measured. */
  validationLoss: Type.Optional(Type.Number()),
  /** At the end of an epoch that is the best until then, by what the recipe monitors. */
  best: Type.Optional(Type.Literal(true)),
});
export type Metric = Static<typeof Metric>;

/** Steps of the pipeline in their order; each is resumable. */
export const pipelineSteps = [
  'prepare',
  'train',
  'evaluate',
  'shrink',
  'evaluate-int8',
  'profile',
  'package',
  'gate',
] as const;
export type PipelineStep = (typeof pipelineSteps)[number];

/** One execution of a recipe on a snapshot. */
export const Run = Type.Object({
  id: Type.String(),
  model: Id,
  kind: Type.Enum(['train', 'retrain']),
  snapshot: Digest,
  recipe: Digest,
  seed: Count,
  status: Type.Enum(['queued', 'running', 'done', 'failed', 'canceled']),
  step: Type.Union([Type.Enum([...pipelineSteps]), Type.Null()]),
  /** Work done in this step, 0 to 1. */
  progress: Type.Number(),
  metrics: Type.Array(Metric),
  imagesPerSecond: Type.Union([Type.Number(), Type.Null()]),
  /** What trains, with which library, and why with this one; absent until the training begins. */
  trainer: Type.Optional(
    Type.Object({
      trainer: Type.String(),
      library: Type.String(),
      reason: Type.String(),
      /** Version of the engine and instruction set: bytes are equal only within one. */
      build: Type.Optional(Type.String()),
    }),
  ),
  /** The finished run that this one repeats; it makes no version. */
  reproduces: Type.Optional(Type.String()),
  /** How it compares, once it is done. */
  reproduction: Type.Optional(Reproduction),
  createdAtMs: TimestampMs,
  finishedAtMs: Type.Union([TimestampMs, Type.Null()]),
  version: Type.Union([Version, Type.Null()]),
  error: Type.Union([Type.Object({ code: CodeSchema, detail: Type.String() }), Type.Null()]),
});
export type Run = Static<typeof Run>;

/** A policy-driven change of target across devices. */
export const Rollout = Type.Object({
  id: Id,
  model: Id,
  version: Version,
  kind: Type.Enum(['rollout', 'rollback']),
  status: Type.Enum(['running', 'done', 'stopped', 'aborted']),
  /** Why it stopped. */
  reason: Type.Union([Type.String(), Type.Null()]),
  createdAtMs: TimestampMs,
  finishedAtMs: Type.Union([TimestampMs, Type.Null()]),
  devices: Type.Array(
    Type.Object({
      device: Id,
      /** 1 for the first wave. */
      wave: Count,
      status: Type.Enum(['waiting', 'ordered', 'serving', 'refused', 'reverted', 'skipped']),
      code: Type.Optional(CodeSchema),
      detail: Type.Optional(Type.String()),
      /** What it served before, so that it can go back. */
      previous: Type.Union([BundleRef, Type.Null()]),
    }),
  ),
});
export type Rollout = Static<typeof Rollout>;
