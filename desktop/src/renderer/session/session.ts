import { allows, type Scope, scopes } from '@edgewise/protocol/http';

/** A signed-in person: the token, and what it allows where that is known (a pasted token does not say). */
export interface Credential {
  readonly token: string;
  readonly scope: Scope | undefined;
}

/** Who is signed in, for as long as the tab lives. */
export interface Session {
  readonly current: () => Credential | undefined;
  signIn(credential: Credential): void;
  signOut(): void;
  subscribe(listener: () => void): () => void;
}

const storageKey = 'edgewise-session';

/** Keeps the credential in session storage: another tab or a later day has to sign in again. */
export function createSession(storage: Storage): Session {
  const listeners = new Set<() => void>();
  let current = parseCredential(storage.getItem(storageKey));
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    current: () => current,
    signIn(credential) {
      current = credential;
      storage.setItem(storageKey, JSON.stringify(credential));
      tell();
    },
    signOut() {
      current = undefined;
      storage.removeItem(storageKey);
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Whether a credential may do what needs a scope. An unknown scope is tried: the hub has the last word. */
export function mayDo(credential: Credential | undefined, needed: Scope): boolean {
  if (!credential) return false;
  return credential.scope === undefined || allows(credential.scope, needed);
}

function parseCredential(stored: string | null): Credential | undefined {
  if (stored === null) return undefined;
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value !== 'object' || value === null || !('token' in value)) return undefined;
    if (typeof value.token !== 'string') return undefined;
    const scope = 'scope' in value ? scopes.find((each) => each === value.scope) : undefined;
    return { token: value.token, scope };
  } catch {
    // What another version of the pages left behind counts as signed out.
    return undefined;
  }
}
