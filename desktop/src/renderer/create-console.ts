import { FleetError } from '@edgewise/protocol/errors';
import { QueryClient } from '@tanstack/react-query';
import type { Api } from './api/api-context.tsx';
import { applyEvent } from './api/apply-event.ts';
import { createClient } from './api/client.ts';
import { createLive } from './api/live.ts';
import { createStatusRefresh } from './api/status-refresh.ts';
import { createSession, type Session } from './session/session.ts';
import { findShell, followShell } from './shell/shell.ts';
import { createThemeChoice, type ThemeChoice } from './theme/theme.ts';

/** Everything the pages are made of besides the screens. */
export interface ConsoleParts {
  readonly api: Api;
  readonly cache: QueryClient;
  readonly session: Session;
  readonly theme: ThemeChoice;
}

/** Joins session, client, cache and event stream. */
export function createConsole(page: Window): ConsoleParts {
  const shell = findShell(page);
  if (shell) followShell(shell, page);
  const session = createSession(page.sessionStorage);
  const cache = new QueryClient({
    defaultOptions: {
      queries: {
        // Live events keep answers fresh; a reset or a broken stream asks for everything again.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        retry: (failures, thrown) => failures < 2 && retries(thrown, session),
      },
    },
  });
  const clientWith = (token: () => string | undefined) =>
    createClient({ baseUrl: '', token, fetch: (input, init) => page.fetch(input, init) });
  const client = clientWith(() => session.current()?.token);
  const refreshStatus = createStatusRefresh(cache);
  const live = createLive({
    client,
    onEvent: (event) => {
      applyEvent(cache, event);
      refreshStatus(event);
    },
    onFresh: () => void cache.invalidateQueries(),
    now: Date.now,
    sleep,
  });
  return {
    api: { client, withToken: (token) => clientWith(() => token), live },
    cache,
    session,
    theme: createThemeChoice(page),
  };
}

/** Only what may pass by itself is tried again; a lost credential ends the session. */
function retries(thrown: unknown, session: Session): boolean {
  const { code } = FleetError.from(thrown);
  if (code === 'unauthenticated' || code === 'expired') session.signOut();
  return code === 'unavailable' || code === 'timeout' || code === 'limit-exceeded';
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
