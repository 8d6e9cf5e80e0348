import { type Code, FleetError } from '@edgewise/protocol';
import { problemOf } from '@edgewise/protocol/http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Answers with a problem document (RFC 9457); a fault of ours goes to the log, not to the caller. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = translated(thrown);
  if (error.code === 'internal') {
    request.log.error({ err: thrown, path: request.url }, 'a request failed');
  }
  const problem = problemOf(error);
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Codes of the HTTP server itself that say more than its status does. */
const serverCodes: ReadonlyMap<string, Code> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'invalid-argument'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'invalid-argument'],
]);

function translated(thrown: unknown): FleetError {
  if (thrown instanceof FleetError || !(thrown instanceof Error)) return FleetError.from(thrown);
  const { code, statusCode } = thrown as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = serverCodes.get(String(code));
  if (known !== undefined) return new FleetError(known, thrown.message, { cause: thrown });
  const isTheirs = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  if (isTheirs) return new FleetError('malformed', thrown.message, { cause: thrown });
  return FleetError.from(thrown);
}
