import { Buffer } from 'node:buffer';
import { documentReader, EnrolmentToken, FleetError, kibibytes } from '@edgewise/protocol';

const prefix = 'ew1.';
const read = documentReader(EnrolmentToken);

/** Reads `ew1.` and the base64url of JSON. Throws `invalid-argument` for anything else. */
export function parseToken(text: string): EnrolmentToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix)) {
    throw wrong(`it must begin with "${prefix}"`);
  }
  try {
    const bytes = new Uint8Array(Buffer.from(trimmed.slice(prefix.length), 'base64url'));
    return read(bytes, kibibytes(2));
  } catch (cause) {
    throw wrong('it is damaged, copy it again as a whole', cause);
  }
}

/** The text of a token; what `parseToken` reads. */
export function formatToken(token: EnrolmentToken): string {
  return prefix + Buffer.from(JSON.stringify(token)).toString('base64url');
}

function wrong(why: string, cause?: unknown): FleetError {
  return new FleetError('invalid-argument', `This is no enrolment token: ${why}.`, { cause });
}
