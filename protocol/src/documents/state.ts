import Type, { type Static } from 'typebox';
import { codeNames } from '../errors/codes.ts';
import { Count, DeviceClassSchema, Digest, Id, TimestampMs } from '../ids.ts';
import { BundleRef } from './target.ts';

/** Schema of an error code. */
export const CodeSchema = Type.Enum([...codeNames]);

/**
 * The parity certificate: how the golden vectors of a bundle came out on a device. What is optional
 * is left out by agents of before it was said.
 */
export const ParityReport = Type.Object({
  vectors: Count,
  /**
   * Largest absolute deviation from the golden answers, of the output that is closest to its limit;
   * `noNumber` where an answer is none.
   */
  largestDeviation: Type.Number({ minimum: 0 }),
  /** What is allowed for that output, and its name. */
  allowed: Type.Optional(Type.Number({ minimum: 0 })),
  output: Type.Optional(Type.String({ maxLength: 200 })),
  /** Root mean square of that output's deviations and what is allowed; absent where it has no such limit. */
  rms: Type.Optional(Type.Number({ minimum: 0 })),
  allowedRms: Type.Optional(Type.Number({ minimum: 0 })),
  /** Share of vectors whose top class agrees, 0 to 1. */
  topAgreement: Type.Number({ minimum: 0, maximum: 1 }),
  /** Whether all are within what the manifest allows. */
  ok: Type.Optional(Type.Boolean()),
  /** Engine, its version and the instruction set that computed. */
  runtime: Type.Optional(Type.String({ maxLength: 200 })),
  /** Class of the device at that time. */
  deviceClass: Type.Optional(DeviceClassSchema),
  atMs: Type.Optional(TimestampMs),
});
export type ParityReport = Static<typeof ParityReport>;

/** One installed bundle and how it has done. */
export const SlotReport = Type.Object({
  bundle: BundleRef,
  status: Type.Enum(['installed', 'proved', 'trial', 'serving', 'failed']),
  /** When it began to serve; absent before. */
  servingSinceMs: Type.Optional(TimestampMs),
  /** Absent before it was proved. */
  parity: Type.Optional(ParityReport),
});
export type SlotReport = Static<typeof SlotReport>;

/** A bundle that this device will not run, and why. */
export const Refusal = Type.Object({
  manifest: Digest,
  code: CodeSchema,
  detail: Type.String({ maxLength: 500 }),
  atMs: TimestampMs,
  /** How its golden vectors came out, where that is why. */
  parity: Type.Optional(ParityReport),
});
export type Refusal = Static<typeof Refusal>;

/** What a device reports about itself: retained, sent at each connect and at each change. */
export const DeviceState = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  device: Id,
  instance: Type.String({ minLength: 1, maxLength: 64 }),
  protocol: Type.Integer({ minimum: 1 }),
  agentVersion: Type.String({ maxLength: 40 }),
  deviceClass: DeviceClassSchema,
  atMs: TimestampMs,
  /** Where the device has its time from. */
  clock: Type.Enum(['system', 'hub', 'unknown']),
  /** Generation of the newest target that was accepted; 0 before the first. */
  observedGeneration: Count,
  /** Generation of the newest command that was accepted; absent before the first. */
  observedCommand: Type.Optional(Count),
  slots: Type.Object({
    active: Type.Optional(SlotReport),
    candidate: Type.Optional(SlotReport),
    fallback: Type.Optional(SlotReport),
  }),
  /** The step that runs now; absent when the target is reached. */
  progress: Type.Optional(
    Type.Object({
      step: Type.String({ maxLength: 40 }),
      manifest: Type.Optional(Digest),
      done: Count,
      total: Count,
    }),
  ),
  /** Why nothing moves although the target is not reached. */
  waiting: Type.Optional(
    Type.Object({ code: CodeSchema, detail: Type.String({ maxLength: 500 }) }),
  ),
  refusals: Type.Array(Refusal, { maxItems: 16 }),
  health: Type.Object({
    uptimeMs: Count,
    rssBytes: Count,
    /** Inputs answered since the process started. */
    served: Count,
    /** Messages and bytes that wait for the hub's watermark. */
    outboxMessages: Count,
    outboxBytes: Count,
    /** Messages that the outbox budget dropped since enrolment. */
    outboxDropped: Count,
  }),
});
export type DeviceState = Static<typeof DeviceState>;
