import Type, { type Static } from 'typebox';
import { Count, Id, TimestampMs, Version } from '../ids.ts';

/** What a change looks like. */
const driftPatterns = [
  'offset',
  'gain',
  'both',
  'free',
  'stuck',
  'saturation',
  'dropout',
  'predictions',
] as const;
export type DriftPattern = (typeof driftPatterns)[number];

/** One feature of one device that changed, with its evidence. */
export const DriftFinding = Type.Object({
  device: Id,
  feature: Type.String(),
  pattern: Type.Enum([...driftPatterns]),
  direction: Type.Enum(['up', 'down', 'none']),
  /** Offset in standard deviations of the baseline, where there is one. */
  effectSd: Type.Union([Type.Number(), Type.Null()]),
  /** Ratio of spreads, current to baseline, where there is one. */
  gain: Type.Union([Type.Number(), Type.Null()]),
  logM: Type.Number(),
  logThreshold: Type.Number(),
  /** Most likely start of the change. */
  sinceMs: TimestampMs,
  /** Windows from that start to the alarm. */
  windows: Count,
  /** Inner edges in the feature's units; empty for the prediction table. */
  edges: Type.Array(Type.Number()),
  /** Counts per bin. */
  reference: Type.Array(Type.Number()),
  current: Type.Array(Type.Number()),
});
export type DriftFinding = Static<typeof DriftFinding>;

/** A named finding with evidence, and what became of it. */
export const Alarm = Type.Object({
  id: Type.String(),
  model: Id,
  version: Version,
  openedAtMs: TimestampMs,
  status: Type.Enum(['open', 'labelling', 'retraining', 'rolling-out', 'resolved', 'dismissed']),
  devices: Type.Array(Id),
  /** Devices of the model that were watched and did not change. */
  unchanged: Type.Array(Id),
  findings: Type.Array(DriftFinding),
  /** One sentence: pattern, size, devices, since when, evidence. */
  sentence: Type.String(),
  labelsAsked: Count,
  labelsGiven: Count,
  /** Accuracy on the random labels with its anytime-valid bounds, once there are any. */
  accuracy: Type.Union([
    Type.Object({ right: Count, of: Count, lower: Type.Number(), upper: Type.Number() }),
    Type.Null(),
  ]),
  /** What the policy decided, oldest first. */
  decisions: Type.Array(Type.Object({ atMs: TimestampMs, sentence: Type.String() })),
  run: Type.Union([Type.String(), Type.Null()]),
  rollout: Type.Union([Id, Type.Null()]),
});
export type Alarm = Static<typeof Alarm>;
