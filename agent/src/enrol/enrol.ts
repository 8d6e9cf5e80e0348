import { randomBytes } from 'node:crypto';
import { fromBase64, verifyEnvelope } from '@edgewise/models/bundle';
import { createVerifier, fingerprintOf, publicKeyOf } from '@edgewise/models/crypto';
import {
  type DeviceClass,
  documentReader,
  Enrolment,
  type EnrolmentRequest,
  type EnrolmentToken,
  FleetError,
  HubIdentity,
  kibibytes,
  payloadTypes,
  SignedEnvelope,
} from '@edgewise/protocol';
import { Compile } from 'typebox/compile';
import { createHubHttp, type HubHttp } from './hub-http.ts';
import { ensureKey, type Identity, readIdentity, writeIdentity } from './identity.ts';

interface EnrolOptions {
  readonly folder: string;
  readonly deviceClass: DeviceClass;
  readonly agentVersion: string;
  /** The id that the device would like. */
  readonly name?: string;
}

const readHub = documentReader(HubIdentity);
const readEnrolment = documentReader(Enrolment);
const isEnvelope = Compile(SignedEnvelope);
const mostBytes = kibibytes(64);

/**
 * Enrols this device: makes its key, checks the hub against the token's fingerprint, and only then
 * sends the secret. Doing it again with the same key changes nothing.
 */
export async function enrol(token: EnrolmentToken, options: EnrolOptions): Promise<Identity> {
  await assertSameHub(token, options.folder);
  const http = createHubHttp(token.url, token.fingerprint);
  const hub = await meet(http, token.fingerprint);
  const publicKey = publicKeyOf(await ensureKey(options.folder));
  const request: EnrolmentRequest = {
    v: 1,
    secret: token.secret,
    publicKey,
    deviceClass: options.deviceClass,
    agentVersion: options.agentVersion,
    ...(options.name === undefined ? {} : { device: options.name }),
  };
  const answer = await http.post('/enrol', request);
  const payload = await verified(answer, { kind: 'enrolment', publicKey: hub.publicKey });
  const enrolment = readEnrolment(payload, mostBytes);
  if (enrolment.publicKey !== publicKey || enrolment.hub !== hub.hub) {
    throw new FleetError('wrong-audience', 'The hub answered for another device or hub.');
  }
  const { url, fingerprint } = token;
  const identity: Identity = { v: 1, url, fingerprint, enrolment };
  await writeIdentity(options.folder, identity);
  return identity;
}

async function assertSameHub(token: EnrolmentToken, folder: string): Promise<void> {
  const known = await readIdentity(folder);
  if (known === undefined || known.fingerprint === token.fingerprint) return;
  const { device, hub } = known.enrolment;
  const reason = `${folder} belongs to device ${device} of hub ${hub}; choose another --folder.`;
  throw new FleetError('conflict', reason);
}

/** Makes the hub prove that it holds the key of the token, with a nonce of ours. */
async function meet(http: HubHttp, fingerprint: string): Promise<HubIdentity> {
  const nonce = randomBytes(16).toString('hex');
  const answer = await http.get(`/enrol?nonce=${nonce}`);
  // The key inside is believed only because its fingerprint is the token's.
  const claimed = readHub(payloadOf(answer), mostBytes);
  if (fingerprintOf(claimed.publicKey) !== fingerprint) {
    const reason = 'Another hub answers than the one of the token; nothing was sent to it.';
    throw new FleetError('unauthenticated', reason);
  }
  const { publicKey } = claimed;
  const hub = readHub(await verified(answer, { kind: 'hub', publicKey }), mostBytes);
  if (hub.nonce !== nonce) throw new FleetError('replayed', 'The hub answered an older question.');
  return hub;
}

function verified(
  answer: unknown,
  signed: { readonly kind: 'hub' | 'enrolment'; readonly publicKey: string },
): Promise<Uint8Array> {
  const verifiers = [createVerifier(signed.publicKey)];
  return verifyEnvelope(envelopeOf(answer), payloadTypes[signed.kind], verifiers);
}

function payloadOf(answer: unknown): Uint8Array {
  const payload = fromBase64(envelopeOf(answer).payload);
  if (payload === undefined) throw new FleetError('malformed', 'The answer is not base64.');
  return payload;
}

function envelopeOf(answer: unknown): SignedEnvelope {
  if (isEnvelope.Check(answer)) return answer;
  throw new FleetError(
    'malformed',
    'The answer is no signed envelope; is there a hub at that address?',
  );
}
