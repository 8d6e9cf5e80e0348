import { createPublicKey } from 'node:crypto';
import { documentReader, FleetError, limits, SignInClaims } from '@edgewise/protocol';
import { compactVerify } from 'jose';
import { createInstances } from './instances.ts';
import type { DeviceKeys } from './ports.ts';
import type { Principal } from './principal.ts';
import { createUsedTokens, judgeClaims } from './sign-in-rules.ts';

interface DeviceSignInOptions {
  readonly hub: string;
  readonly keys: DeviceKeys;
  readonly now: () => number;
}

/** Lets devices in: MQTT user and client id are the device's id, the password a fresh JWT (ES256). */
export type DeviceSignIn = (device: string, token: string) => Promise<Principal>;

const readClaims = documentReader(SignInClaims);

/** Starts to accept tokens issued from now on. A refusal is a `FleetError`. */
export function createDeviceSignIn({ hub, keys, now }: DeviceSignInOptions): DeviceSignIn {
  const startedAtMs = now();
  const used = createUsedTokens();
  const instances = createInstances();
  return async (device, token) => {
    const key = await keys.findKey(device);
    if (!key) throw new FleetError('unauthenticated', 'No such device is enrolled.');
    if (key.revoked) throw new FleetError('forbidden', 'The key of this device was withdrawn.');
    const claims = readClaims(await verify(token, key.publicKey), limits.connectPacketBytes);
    const nowMs = now();
    const denial = judgeClaims(claims, { device, hub, nowMs, startedAtMs });
    if (denial) throw new FleetError(denial.code, denial.reason);
    if (!used.use(claims.jti, claims.exp * 1000, nowMs)) {
      throw new FleetError('replayed', 'This sign-in token was used before.');
    }
    if (instances.admit(device, claims.instance) === 'cloned') {
      throw new FleetError('duplicate-device', 'A replaced instance came back.');
    }
    return { kind: 'device', device, instance: claims.instance };
  };
}

async function verify(token: string, publicKey: string): Promise<Uint8Array> {
  try {
    const { payload } = await compactVerify(token, createPublicKey(publicKey), {
      algorithms: ['ES256'],
    });
    return payload;
  } catch (cause) {
    throw new FleetError('unauthenticated', "The token is not signed with this device's key.", {
      cause,
    });
  }
}
