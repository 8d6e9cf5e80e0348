import Type, { type Static } from 'typebox';
import { DeviceState } from '../documents/state.ts';
import { BundleRef } from '../documents/target.ts';
import { Count, DeviceClassSchema, Digest, Id, TimestampMs, Version } from '../ids.ts';

/** Latencies of one or more windows in microseconds; from buckets a quarter octave wide. */
export const LatencyUs = Type.Object({
  p50: Type.Number(),
  p95: Type.Number(),
  p99: Type.Number(),
});
export type LatencyUs = Static<typeof LatencyUs>;

/** Where the drift monitor stands with a device. */
export const DriftSummary = Type.Object({
  state: Type.Enum(['none', 'learning', 'watching', 'alarm']),
  /** Natural logarithm of the largest evidence M over all features. */
  logM: Type.Optional(Type.Number()),
  /** Natural logarithm of the alarm line. */
  logThreshold: Type.Optional(Type.Number()),
  feature: Type.Optional(Type.String()),
  /** Baseline windows gathered and needed, while learning. */
  baselineWindows: Type.Optional(Count),
  baselineNeeded: Type.Optional(Count),
});
export type DriftSummary = Static<typeof DriftSummary>;

/** What is missing of one device's durable messages: the loss ledger. */
export const LossLedger = Type.Object({
  received: Count,
  /** Sequence numbers that never came and that nobody accounts for. */
  missing: Count,
  /** Dropped by the device's outbox budget, and said so. */
  dropped: Count,
  /** Unreadable messages that were set aside. */
  quarantined: Count,
});
export type LossLedger = Static<typeof LossLedger>;

/** A device as the hub knows it. */
export const Device = Type.Object({
  id: Id,
  deviceClass: DeviceClassSchema,
  enrolledAtMs: TimestampMs,
  revoked: Type.Boolean(),
  presence: Type.Object({
    status: Type.Enum(['online', 'offline', 'stopped', 'never']),
    sinceMs: TimestampMs,
  }),
  /** Set when a replaced instance came back: somebody copied this device's card. */
  cloned: Type.Boolean(),
  state: Type.Optional(DeviceState),
  target: Type.Object({ generation: Count, active: Type.Union([BundleRef, Type.Null()]) }),
  /** Whether the device has reported that it serves its target. */
  converged: Type.Boolean(),
  /** Inputs answered per second in the newest window; `null` before the first. */
  throughputPerSecond: Type.Union([Type.Number(), Type.Null()]),
  latencyUs: Type.Union([LatencyUs, Type.Null()]),
  lastWindowAtMs: Type.Union([TimestampMs, Type.Null()]),
  drift: DriftSummary,
  loss: LossLedger,
});
export type Device = Static<typeof Device>;

/** One window of a device as charts need it. */
export const WindowSummary = Type.Object({
  epoch: Count,
  sequence: Count,
  model: Type.Union([Id, Type.Null()]),
  version: Type.Union([Version, Type.Null()]),
  startMs: TimestampMs,
  spanMs: Count,
  seen: Count,
  n: Count,
  latencyUs: Type.Union([LatencyUs, Type.Null()]),
  /** Drift state after this window, and its evidence. */
  drift: DriftSummary,
  /** Mean confidence, 0 to 1, from bin centres. */
  confidence: Type.Union([Type.Number(), Type.Null()]),
  /** Predictions by class. */
  classes: Type.Array(Count),
});
export type WindowSummary = Static<typeof WindowSummary>;

/** Recent counts of one feature beside what they are compared with. */
export const FeatureComparison = Type.Object({
  feature: Type.String(),
  /** Inner edges of the 20 bins in the feature's own units (19 numbers). */
  edges: Type.Array(Type.Number()),
  /** Shares of the 20 bins, each adding up to 1. */
  reference: Type.Array(Type.Number()),
  current: Type.Array(Type.Number()),
  /** Inputs behind `current`. */
  n: Count,
  /** Population stability index, and what 95 % of clean windows stay below. An effect size, never a decision. */
  psi: Type.Number(),
  psiNull95: Type.Number(),
  logM: Type.Union([Type.Number(), Type.Null()]),
});
export type FeatureComparison = Static<typeof FeatureComparison>;

/** One link of the chain from a running model to the data it was made from. */
export const LineageLink = Type.Object({
  kind: Type.Enum([
    'device',
    'target',
    'rollout',
    'manifest',
    'signature',
    'graph',
    'run',
    'recipe',
    'base',
    'snapshot',
    'model',
    'calibration',
    'gate',
    'parent',
  ]),
  /** Digest or id of the link. */
  id: Type.String(),
  label: Type.String(),
  /** Whether the bytes at the hub have this digest; `null` where there are none to check. */
  verified: Type.Union([Type.Boolean(), Type.Null()]),
});
export type LineageLink = Static<typeof LineageLink>;

/** Why a device runs what it runs. */
export const Lineage = Type.Object({
  device: Id,
  manifest: Type.Union([Digest, Type.Null()]),
  links: Type.Array(LineageLink),
  /** Whether every link that can be checked holds. */
  ok: Type.Boolean(),
});
export type Lineage = Static<typeof Lineage>;
