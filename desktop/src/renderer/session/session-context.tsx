import type { Scope } from '@edgewise/protocol/http';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { type Credential, mayDo, type Session } from './session.ts';

const SessionContext = createContext<Session | undefined>(undefined);

/** Gives the session to everything below. */
export const SessionProvider = SessionContext.Provider;

/** The session and the credential in it. */
export function useSession(): { session: Session; credential: Credential | undefined } {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider above it.');
  return { session, credential: useSyncExternalStore(session.subscribe, session.current) };
}

/** Whether the person who is signed in may do what needs a scope. */
export function useMayDo(needed: Scope): boolean {
  return mayDo(useSession().credential, needed);
}
