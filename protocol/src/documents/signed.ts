import Type, { type Static } from 'typebox';

/**
 * A DSSE envelope (github.com/secure-systems-lab/dsse, v1.0.2). The bytes of `payload` are verified
 * as received and parsed afterwards, so no canonical JSON is needed.
 */
export const SignedEnvelope = Type.Object({
  payload: Type.String({ maxLength: 65_536 }),
  payloadType: Type.String({ minLength: 1, maxLength: 128 }),
  signatures: Type.Array(
    Type.Object({
      sig: Type.String({ minLength: 1, maxLength: 1024 }),
      keyid: Type.Optional(Type.String({ maxLength: 128 })),
    }),
    { minItems: 1, maxItems: 4 },
  ),
});
export type SignedEnvelope = Static<typeof SignedEnvelope>;

/** One payload type per kind of document, so that no signed document is ever taken for another. */
export const payloadTypes = {
  target: 'application/vnd.edgewise.target.v1+json',
  command: 'application/vnd.edgewise.command.v1+json',
  time: 'application/vnd.edgewise.time.v1+json',
  hub: 'application/vnd.edgewise.hub.v1+json',
  enrolment: 'application/vnd.edgewise.enrolment.v1+json',
} as const;
export type PayloadKind = keyof typeof payloadTypes;
