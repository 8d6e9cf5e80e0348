import { createHash, randomBytes } from 'node:crypto';
import { createVerifier } from '@edgewise/models/crypto';
import {
  type Enrolment,
  type EnrolmentRequest,
  type EnrolmentToken,
  FleetError,
  limits,
  type SignedEnvelope,
} from '@edgewise/protocol';
import type { Clock } from '../clock.ts';
import type { DeviceBooks, Devices, StoredDevice } from './devices.ts';
import type { Identity } from './identity.ts';
import { signDocument } from './sign-document.ts';

/** Lets new devices in. */
export interface Enrolments {
  /** A one-time token, shown here and never again. */
  createToken(): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /**
   * Enrols the device that holds a token. The same key may come again with the same token; another
   * key gets `token-used`, a wrong secret `unauthenticated`, and a name that is taken `conflict`.
   */
  enrol(request: EnrolmentRequest): Promise<SignedEnvelope>;
  /** Proves who the hub is. */
  prove(nonce: string): Promise<SignedEnvelope>;
  /** The time, signed. */
  time(nonce: string): Promise<SignedEnvelope>;
}

/** What enrolment needs. */
export interface EnrolmentOptions {
  readonly devices: Devices;
  readonly identity: Identity;
  readonly clock: Clock;
  /** Addresses as devices reach them; asked at each use. */
  readonly addresses: () => { readonly api: string; readonly broker: string };
  /** Told after a device was added or took its name back. */
  readonly onEnrolled: (device: string) => void;
}

/** Enrolment over the books of the fleet. */
export function createEnrolments(options: EnrolmentOptions): Enrolments {
  const { devices, identity, clock, addresses } = options;
  const { hub, fleet, signer } = identity;
  return {
    async createToken() {
      const secret = randomBytes(24).toString('base64url');
      const createdAtMs = clock.now();
      const expiresAtMs = createdAtMs + limits.enrolmentLifeMs;
      const unused = { publicKey: undefined, device: undefined };
      await devices.write((books) =>
        books.putToken({ hash: hashOf(secret), createdAtMs, expiresAtMs, ...unused }),
      );
      const { fingerprint } = identity;
      const content: EnrolmentToken = { url: addresses().api, secret, fingerprint };
      const token = `ew1.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
      return { token, expiresAtMs };
    },
    async enrol(request) {
      // Nonsense and other curves are refused before the token is spent.
      createVerifier(request.publicKey);
      const device = await devices.write((books) => admit(books, request, clock.now()));
      options.onEnrolled(device);
      const enrolment: Enrolment = {
        v: 1,
        hub,
        fleet,
        device,
        publicKey: request.publicKey,
        hubPublicKey: signer.publicKeyPem,
        broker: addresses().broker,
        bundleKeys: [...identity.bundleKeys],
      };
      return signDocument('enrolment', enrolment, signer);
    },
    prove: (nonce) =>
      signDocument('hub', { v: 1, nonce, hub, fleet, publicKey: signer.publicKeyPem }, signer),
    time: (nonce) => signDocument('time', { v: 1, nonce, nowMs: clock.now() }, signer),
  };
}

async function admit(
  books: DeviceBooks,
  request: EnrolmentRequest,
  nowMs: number,
): Promise<string> {
  const token = await books.findToken(hashOf(request.secret));
  if (!token) throw new FleetError('unauthenticated', 'This hub made no such enrolment token.');
  if (token.publicKey !== undefined && token.publicKey !== request.publicKey) {
    throw new FleetError('token-used', 'Another device has used this enrolment token.');
  }
  if (token.device !== undefined) return token.device;
  if (nowMs > token.expiresAtMs) {
    throw new FleetError('expired', 'This enrolment token is too old.');
  }
  const device = await nameFor(books, request, nowMs);
  await books.putToken({ ...token, publicKey: request.publicKey, device });
  return device;
}

async function nameFor(
  books: DeviceBooks,
  request: EnrolmentRequest,
  nowMs: number,
): Promise<string> {
  const known = await books.findByKey(request.publicKey);
  if (known?.revokedAtMs !== undefined) {
    throw new FleetError('forbidden', 'This key was withdrawn; let the device make a new one.');
  }
  if (known) return known.id;
  const id = request.device ?? `device-${randomBytes(4).toString('hex')}`;
  const named = await books.find(id);
  if (named && named.revokedAtMs === undefined) {
    throw new FleetError('conflict', `The name "${id}" belongs to another key; revoke it first.`);
  }
  const { publicKey, deviceClass, agentVersion } = request;
  const fresh = { publicKey, deviceClass, agentVersion, enrolledAtMs: nowMs };
  const clean = { revokedAtMs: undefined, clonedAtMs: undefined };
  if (named) await books.change(id, { ...fresh, ...clean });
  else await books.insert({ id, ...fresh, ...clean, ...blank(nowMs) });
  return id;
}

function blank(
  nowMs: number,
): Pick<
  StoredDevice,
  'presence' | 'state' | 'generation' | 'commandGeneration' | 'target' | 'envelope'
> {
  return {
    presence: { status: 'never', sinceMs: nowMs, instance: undefined, session: 0 },
    state: undefined,
    generation: 0,
    commandGeneration: 0,
    target: undefined,
    envelope: undefined,
  };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
