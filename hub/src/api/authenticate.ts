import { FleetError } from '@edgewise/protocol';
import { allows, type Route } from '@edgewise/protocol/http';
import type { Caller } from './handler.ts';
import type { SignInCodes } from './sign-in-codes.ts';
import type { Tokens } from './tokens.ts';

/** Decides who calls. Rejects with `unauthenticated` or `forbidden`. */
export async function authenticate(
  route: Route,
  authorization: string | undefined,
  credentials: { readonly tokens: Tokens; readonly codes: SignInCodes },
): Promise<Caller> {
  if (route.scope === 'open') return { name: 'anonymous', scope: 'open' };
  const secret = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  if (secret === undefined) {
    throw new FleetError('unauthenticated', 'Send an API token as "Authorization: Bearer TOKEN".');
  }
  if (route.scope === 'sign-in') return redeemCode(secret, credentials.codes);
  const token = await credentials.tokens.verify(secret);
  if (!token)
    throw new FleetError('unauthenticated', 'This API token is unknown or was withdrawn.');
  if (!allows(token.scope, route.scope)) {
    throw new FleetError(
      'forbidden',
      `This needs the scope "${route.scope}"; the token "${token.name}" has "${token.scope}".`,
    );
  }
  return { name: token.name, scope: token.scope };
}

function redeemCode(secret: string, codes: SignInCodes): Caller {
  const code = /^signin:(.+)$/.exec(secret)?.[1];
  if (code === undefined || !codes.redeem(code)) {
    throw new FleetError(
      'unauthenticated',
      'This sign-in link was used or is too old; ask the hub for a new one.',
    );
  }
  return { name: 'sign-in', scope: 'admin' };
}
