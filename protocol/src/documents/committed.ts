import Type, { type Static } from 'typebox';
import { Count } from '../ids.ts';

/** Classes of messages that the outbox keeps until a watermark covers them. */
export const outboxClasses = ['window', 'event'] as const;
export type OutboxClass = (typeof outboxClasses)[number];

/** How far one class is durable at the hub. */
export const Watermark = Type.Object({
  epoch: Count,
  /** Everything up to and including this sequence number is durable, apart from `gaps`. */
  sequence: Count,
  /** Ranges (first, last) below `sequence` that never arrived. A device resends what it still has. */
  gaps: Type.Array(Type.Tuple([Count, Count]), { maxItems: 32 }),
});
export type Watermark = Static<typeof Watermark>;

/** The hub's promise: what it names survives a crash of the hub. */
export const Committed = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  window: Type.Optional(Watermark),
  event: Type.Optional(Watermark),
});
export type Committed = Static<typeof Committed>;

/** Whether a channel is one that the outbox keeps. */
export function isOutboxClass(name: string): name is OutboxClass {
  return outboxClasses.some((kind) => kind === name);
}
