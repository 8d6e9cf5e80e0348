import { type Code, FleetError, seconds } from '@edgewise/protocol';
import type { DeviceSignIn } from './device-sign-in.ts';
import type { ApiTokens, DeviceKeys } from './ports.ts';
import type { Principal } from './principal.ts';

/** What a client gave in its CONNECT packet. */
interface Credentials {
  readonly clientId: string;
  readonly clean: boolean;
  readonly username: string;
  readonly password: string;
}

/** Somebody who may come in, and how to see later whether that still holds. */
export interface Admission {
  readonly principal: Principal;
  recheck(): Promise<boolean>;
}

interface SignInOptions {
  readonly devices: DeviceSignIn;
  readonly keys: DeviceKeys;
  readonly tokens: ApiTokens;
  readonly ready?: Promise<void>;
}

/** A sign-in that takes longer is refused: a broker that never answers would hold the connection. */
const signInMs = seconds(10);

/** Judges a CONNECT packet. Rejects with a `FleetError` that says why not; never hangs. */
export async function signIn(
  credentials: Credentials,
  { devices, keys, tokens, ready }: SignInOptions,
): Promise<Admission> {
  const { clientId, clean, username, password } = credentials;
  if (!clean) {
    throw new FleetError('invalid-argument', 'Only clean sessions; the outbox keeps messages.');
  }
  await inTime(ready ?? Promise.resolve());
  const name = /^api:(.+)$/.exec(username)?.[1];
  if (name !== undefined) {
    const recheck = () => tokens.verify(name, password);
    if (!(await inTime(recheck()))) {
      throw new FleetError('unauthenticated', 'This API token is unknown or was withdrawn.');
    }
    return { principal: { kind: 'api', name }, recheck };
  }
  if (username === '') throw new FleetError('unauthenticated', 'No user name was given.');
  if (clientId !== username) {
    throw new FleetError('forbidden', 'A device signs in with its id as client id and user.');
  }
  return {
    principal: await inTime(devices(username, password)),
    recheck: async () => (await keys.findKey(username))?.revoked === false,
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new FleetError('timeout', 'The sign-in took too long.')),
      signInMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const returnCodes: Readonly<Partial<Record<Code, 2 | 3 | 5>>> = {
  'duplicate-device': 2,
  unavailable: 3,
  timeout: 3,
  internal: 3,
  forbidden: 5,
};

/**
 * CONNACK code [MQTT-3.2.2.3]: 2 for a cloned device, 3 for faults of ours, 5 for a withdrawn key, and
 * 4 where a fresh token may help.
 */
export function returnCodeOf(code: Code): 2 | 3 | 4 | 5 {
  return returnCodes[code] ?? 4;
}
