import Type, { type Static } from 'typebox';
import { CodeSchema } from '../documents/state.ts';
import { codes } from '../errors/codes.ts';
import type { FleetError } from '../errors/fleet-error.ts';

/** An RFC 9457 problem document that carries one of our codes. Content type `application/problem+json`. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: CodeSchema,
  retry: Type.Enum(['no', 'backoff', 'after-change']),
});
export type Problem = Static<typeof Problem>;

/** The problem document of an error; its cause stays behind. */
export function problemOf(error: FleetError): Problem {
  const { sentence, retry, status } = codes[error.code];
  return {
    type: `urn:edgewise:problem:${error.code}`,
    title: sentence,
    status,
    // A fault of ours may hold anything in its message; the log has it.
    detail: error.code === 'internal' ? sentence : error.reason,
    code: error.code,
    retry,
  };
}
