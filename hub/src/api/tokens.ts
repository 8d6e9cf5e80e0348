import { createHash, randomBytes } from 'node:crypto';
import { FleetError } from '@edgewise/protocol';
import type { Scope, TokenInfo } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';

/** An API token as it is kept: only the SHA-256 of its secret. */
export interface TokenRecord extends TokenInfo {
  readonly hash: string;
}

/** Where token records are kept. `insert` rejects with `conflict` for a name that is taken. */
export interface TokenStore {
  insert(record: TokenRecord): Promise<void>;
  list(): Promise<readonly TokenRecord[]>;
  findByHash(hash: string): Promise<TokenRecord | undefined>;
  /** Whether there was such a token. */
  remove(name: string): Promise<boolean>;
  touch(name: string, atMs: number): Promise<void>;
}

/** API tokens of people and programs. */
export interface Tokens {
  /** The secret is given here and never again. */
  create(name: string, scope: Scope): Promise<{ readonly token: string; readonly info: TokenInfo }>;
  list(): Promise<readonly TokenInfo[]>;
  /** Rejects with `not-found`. */
  remove(name: string): Promise<void>;
  /** The token's record; `undefined` for an unknown or withdrawn secret. */
  verify(token: string): Promise<TokenInfo | undefined>;
}

/** A last-used time is written at most this often. */
const touchEveryMs = 60_000;

/** Tokens over a store. Secrets are 32 random bytes, so a plain SHA-256 at rest suffices. */
export function createTokens(store: TokenStore, clock: Clock): Tokens {
  return {
    async create(name, scope) {
      const token = `ew_${randomBytes(32).toString('base64url')}`;
      const info = { name, scope, createdAtMs: clock.now(), lastUsedAtMs: null };
      await store.insert({ ...info, hash: hashOf(token) });
      return { token, info };
    },
    async list() {
      return (await store.list()).map(({ hash: _, ...info }) => info);
    },
    async remove(name) {
      if (!(await store.remove(name))) {
        throw new FleetError('not-found', `There is no token called "${name}".`);
      }
    },
    async verify(token) {
      const record = await store.findByHash(hashOf(token));
      if (!record) return undefined;
      const now = clock.now();
      if (now - (record.lastUsedAtMs ?? 0) > touchEveryMs) await store.touch(record.name, now);
      const { hash: _, ...info } = record;
      return info;
    },
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
