import { randomBytes } from 'node:crypto';
import { limits } from '@edgewise/protocol';
import type { Clock } from '../clock.ts';

/** One-time codes for the console's sign-in link; kept in memory only. */
export interface SignInCodes {
  create(): { readonly code: string; readonly expiresAtMs: number };
  /** Whether the code was good; it is used up either way. */
  redeem(code: string): boolean;
}

/** Codes live for an hour. */
export function createSignInCodes(clock: Clock): SignInCodes {
  const expiry = new Map<string, number>();
  return {
    create() {
      const code = randomBytes(24).toString('base64url');
      const expiresAtMs = clock.now() + limits.signInLinkMs;
      expiry.set(code, expiresAtMs);
      return { code, expiresAtMs };
    },
    redeem(code) {
      const expiresAtMs = expiry.get(code);
      expiry.delete(code);
      return expiresAtMs !== undefined && clock.now() <= expiresAtMs;
    },
  };
}
