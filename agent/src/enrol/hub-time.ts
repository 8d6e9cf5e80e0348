import { randomBytes } from 'node:crypto';
import { verifyEnvelope } from '@edgewise/models/bundle';
import { createVerifier } from '@edgewise/models/crypto';
import {
  documentReader,
  FleetError,
  kibibytes,
  payloadTypes,
  SignedEnvelope,
  TimeAnswer,
} from '@edgewise/protocol';
import { Compile } from 'typebox/compile';
import { createHubHttp } from './hub-http.ts';
import type { Identity } from './identity.ts';

const readTime = documentReader(TimeAnswer);
const isEnvelope = Compile(SignedEnvelope);

/**
 * Asks the hub for the time, signed and bound to a nonce. Gives the difference hub minus machine in
 * milliseconds, right to half of the call's duration.
 */
export async function askHubTime(identity: Identity): Promise<number> {
  const nonce = randomBytes(16).toString('hex');
  const http = createHubHttp(identity.url, identity.fingerprint);
  const askedMs = Date.now();
  const answer = await http.get(`/time?nonce=${nonce}`);
  const middleMs = (askedMs + Date.now()) / 2;
  if (!isEnvelope.Check(answer)) {
    throw new FleetError('malformed', 'The answer to /time is no signed envelope.');
  }
  const verifiers = [createVerifier(identity.enrolment.hubPublicKey)];
  const payload = await verifyEnvelope(answer, payloadTypes.time, verifiers);
  const time = readTime(payload, kibibytes(4));
  if (time.nonce !== nonce) throw new FleetError('replayed', 'The hub told an older time.');
  return Math.round(time.nowMs - middleMs);
}
