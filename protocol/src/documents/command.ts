import Type, { type Static } from 'typebox';
import { Count, Id, TimestampMs } from '../ids.ts';
import { CodeSchema } from './state.ts';

/** What a device can be told to do at once. */
export const CommandBody = Type.Union([
  Type.Object({ kind: Type.Literal('ping') }),
  /** Make the device noticeable: a log line, and a light where it has one. */
  Type.Object({ kind: Type.Literal('identify') }),
  Type.Object({ kind: Type.Literal('restart') }),
  Type.Object({
    kind: Type.Literal('logs'),
    lines: Type.Integer({ minimum: 1, maximum: 200 }),
  }),
  Type.Object({
    kind: Type.Literal('capture'),
    model: Id,
    /** Inputs to keep by chance, an unbiased share of what comes. */
    random: Count,
    /** Inputs to keep because the model was least sure of them. */
    uncertain: Count,
    /** Inputs to look at before choosing the uncertain ones. */
    among: Count,
  }),
]);
export type CommandBody = Static<typeof CommandBody>;

/** The payload of a signed envelope. `generation` rises with each command to a device. */
export const Command = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  fleet: Id,
  device: Id,
  generation: Count,
  transaction: Type.String({ minLength: 1, maxLength: 64 }),
  issuedAtMs: TimestampMs,
  expiresAtMs: TimestampMs,
  body: CommandBody,
});
export type Command = Static<typeof Command>;

/** A device's answer to a command. */
export const Reply = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  transaction: Type.String({ minLength: 1, maxLength: 64 }),
  atMs: TimestampMs,
  ok: Type.Boolean(),
  code: Type.Optional(CodeSchema),
  detail: Type.Optional(Type.String({ maxLength: 500 })),
  lines: Type.Optional(Type.Array(Type.String({ maxLength: 400 }), { maxItems: 200 })),
});
export type Reply = Static<typeof Reply>;
