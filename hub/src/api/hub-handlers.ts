import { PROTOCOL_VERSION } from '@edgewise/protocol';
import type { HubStatus } from '@edgewise/protocol/http';
import type { Handlers } from './handler.ts';
import type { SignInCodes } from './sign-in-codes.ts';
import type { Tokens } from './tokens.ts';

/** Figures that other areas count. */
export type Headlines = Pick<
  HubStatus,
  | 'broker'
  | 'devices'
  | 'models'
  | 'openAlarms'
  | 'activeRollouts'
  | 'activeRuns'
  | 'labelsWaiting'
  | 'windows'
  | 'unexplainedLosses'
>;

interface HubFacts {
  readonly hub: string;
  readonly fleet: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly now: () => number;
  readonly tokens: Tokens;
  readonly codes: SignInCodes;
  /** Cuts off whoever signed in to the broker with this token. */
  readonly tokenRemoved: (name: string) => void;
  readonly headlines: () => Promise<Headlines>;
}

/** The hub's headline figures. */
export async function statusOf({
  hub,
  fleet,
  version,
  startedAtMs,
  now,
  headlines,
}: HubFacts): Promise<HubStatus> {
  return {
    hub,
    fleet,
    version,
    protocol: PROTOCOL_VERSION,
    startedAtMs,
    nowMs: now(),
    ...(await headlines()),
  };
}

/** The routes of the hub itself: health, status, sign-in and tokens. */
export function hubHandlers(
  facts: HubFacts,
): Handlers<
  'health' | 'status' | 'signIn' | 'createSignIn' | 'listTokens' | 'createToken' | 'deleteToken'
> {
  const { tokens, version, now } = facts;
  return {
    health: () => Promise.resolve({ ok: true, version }),
    status: () => statusOf(facts),
    async signIn(_, { caller }) {
      const { token, info } = await tokens.create(`console-${now().toString(36)}`, 'admin');
      return { token, scope: caller.scope === 'open' ? info.scope : caller.scope };
    },
    createSignIn: () => Promise.resolve(facts.codes.create()),
    listTokens: async () => [...(await tokens.list())],
    createToken: ({ body }) => tokens.create(body.name, body.scope),
    async deleteToken({ params }) {
      await tokens.remove(params.name);
      facts.tokenRemoved(params.name);
      return { ok: true };
    },
  };
}
