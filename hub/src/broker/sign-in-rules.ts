import { type Code, limits, type SignInClaims } from '@edgewise/protocol';

/** Why a sign-in is refused. */
export interface Denial {
  readonly code: Code;
  readonly reason: string;
}

interface SignInContext {
  readonly device: string;
  readonly hub: string;
  readonly nowMs: number;
  /** When this broker started: it knows no token ids from before. */
  readonly startedAtMs: number;
}

/**
 * Judges the claims of a verified sign-in token; `undefined` when they hold. The token's id must be
 * checked afterwards, and remembered.
 */
export function judgeClaims(claims: SignInClaims, context: SignInContext): Denial | undefined {
  const { nowMs } = context;
  const issuedMs = claims.iat * 1000;
  const expiresMs = claims.exp * 1000;
  if (claims.sub !== context.device) {
    return { code: 'forbidden', reason: `The token speaks for ${claims.sub}.` };
  }
  if (claims.aud !== context.hub) {
    return { code: 'wrong-audience', reason: `The token was made for the hub ${claims.aud}.` };
  }
  if (expiresMs <= issuedMs || expiresMs - issuedMs > limits.signInMs) {
    return { code: 'invalid-argument', reason: 'The token does not live for up to 5 minutes.' };
  }
  if (issuedMs > nowMs + limits.clockSkewMs) {
    return { code: 'clock-skew', reason: `It was issued ${secondsOf(issuedMs - nowMs)} ahead.` };
  }
  if (expiresMs < nowMs - limits.clockSkewMs) {
    return { code: 'expired', reason: `It expired ${secondsOf(nowMs - expiresMs)} ago.` };
  }
  if (issuedMs < context.startedAtMs) {
    return { code: 'expired', reason: 'It was issued before this broker started.' };
  }
  return undefined;
}

const secondsOf = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Token ids that were used, for as long as their tokens could be used again. */
export interface UsedTokens {
  /** False when this id was used before. */
  use(id: string, expiresMs: number, nowMs: number): boolean;
}

/** Remembers used ids in memory; forgets those whose tokens have expired. */
export function createUsedTokens(): UsedTokens {
  const expiry = new Map<string, number>();
  let sweepMs = 0;
  return {
    use(id, expiresMs, nowMs) {
      if (nowMs >= sweepMs) {
        for (const [used, until] of expiry) if (until < nowMs) expiry.delete(used);
        sweepMs = nowMs + limits.clockSkewMs;
      }
      if (expiry.has(id)) return false;
      expiry.set(id, expiresMs + limits.clockSkewMs);
      return true;
    },
  };
}
