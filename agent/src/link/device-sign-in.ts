import { randomBytes } from 'node:crypto';
import { limits, type SignInClaims } from '@edgewise/protocol';
import { importPKCS8, SignJWT } from 'jose';
import type { SignIn } from './mqtt-link.ts';

/** Who signs in, at which hub and with which key. */
export interface DeviceSignInOptions {
  readonly device: string;
  readonly hub: string;
  /** Random per process start. */
  readonly instance: string;
  readonly privateKeyPem: string;
  readonly nowMs: () => number;
}

/** Signs a fresh JWT (ES256) for every attempt; a captured one is of no use. */
export function createDeviceSignIn(options: DeviceSignInOptions): () => Promise<SignIn> {
  const { device, hub, instance } = options;
  const key = importPKCS8(options.privateKeyPem, 'ES256');
  // Whoever signs in first sees the failure of a bad key.
  key.catch(() => undefined);
  return async () => {
    // Rounded up, so that it is not before the start of a broker that came up this second.
    const iat = Math.ceil(options.nowMs() / 1000);
    const claims: SignInClaims = {
      sub: device,
      aud: hub,
      iat,
      exp: iat + limits.signInMs / 1000,
      jti: randomBytes(16).toString('hex'),
      instance,
    };
    const password = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(await key);
    return { clientId: device, username: device, password };
  };
}
