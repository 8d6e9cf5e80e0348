import Type, { type Static } from 'typebox';
import { Count, Digest, Id, TimestampMs, Version } from '../ids.ts';
import { CodeSchema } from './state.ts';

/** An input that a device has kept and offers to send. */
export const SampleOffer = Type.Object({
  kind: Type.Literal('sample'),
  sample: Digest,
  sizeBytes: Count,
  parts: Type.Integer({ minimum: 1, maximum: 65_535 }),
  model: Id,
  version: Version,
  /** Chosen at random (unbiased for error estimates), or because the model was unsure. */
  reason: Type.Enum(['random', 'uncertain', 'policy']),
  /** Index of the predicted class. */
  predicted: Count,
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  /** The `capture` command that asked for it; absent for samples kept by policy. */
  request: Type.Optional(Type.String({ maxLength: 64 })),
});
export type SampleOffer = Static<typeof SampleOffer>;

/** What happened on a device. */
export const EventBody = Type.Union([
  Type.Object({
    kind: Type.Literal('step'),
    step: Type.String({ maxLength: 40 }),
    outcome: Type.Enum(['started', 'done', 'failed']),
    manifest: Type.Optional(Digest),
    code: Type.Optional(CodeSchema),
    detail: Type.Optional(Type.String({ maxLength: 500 })),
    durationMs: Type.Optional(Count),
  }),
  Type.Object({
    kind: Type.Literal('error'),
    code: CodeSchema,
    detail: Type.String({ maxLength: 500 }),
  }),
  Type.Object({
    kind: Type.Literal('started'),
    agentVersion: Type.String({ maxLength: 40 }),
    /** Why the previous process ended, as far as it is known. */
    previousExit: Type.Enum(['clean', 'crash', 'first']),
  }),
  Type.Object({
    kind: Type.Literal('dropped'),
    /** Messages that the outbox budget dropped: which class and sequences. */
    class: Type.Enum(['window', 'event']),
    first: Count,
    last: Count,
  }),
  SampleOffer,
]);
export type EventBody = Static<typeof EventBody>;

/** One entry of the device's durable event log. */
export const DeviceEvent = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  /** Epoch and sequence number of the outbox; replays are recognised by them. */
  epoch: Count,
  sequence: Count,
  atMs: TimestampMs,
  body: EventBody,
});
export type DeviceEvent = Static<typeof DeviceEvent>;
