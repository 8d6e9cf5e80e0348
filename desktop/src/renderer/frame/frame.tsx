import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useApi, useAsk } from '../api/api-context.tsx';
import { useSession } from '../session/session-context.tsx';
import { text } from '../text/text.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { Rail } from './rail.tsx';
import { SearchDialog } from './search-dialog.tsx';
import { StaleNotice, useStale } from './stale-notice.tsx';
import { TopBar } from './top-bar.tsx';
import { useShortcuts } from './use-shortcuts.ts';

/** What surrounds every screen: rail, top bar, search, keys; and the event stream while it is shown. */
export function Frame() {
  const { credential } = useSession();
  if (!credential) return null;
  return <SignedIn key={credential.token} />;
}

function SignedIn() {
  useEventStream();
  const { searching, showSearch, showingKeys, showKeys } = useShortcuts();
  const status = useAsk('status', {}).data;
  const stale = useStale();
  return (
    <div className="flex h-full flex-col-reverse sm:flex-row">
      <button
        type="button"
        className="sr-only z-50 rounded-md bg-surface p-2 focus:not-sr-only focus:absolute"
        onClick={() => document.getElementById('content')?.focus()}
      >
        {text.frame.skip}
      </button>
      <Rail openAlarms={status?.openAlarms ?? 0} labelsWaiting={status?.labelsWaiting ?? 0} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <TopBar
          onSearch={() => showSearch(true)}
          onKeys={() => showKeys(true)}
          fleet={status?.fleet}
        />
        <StaleNotice />
        <main
          id="content"
          tabIndex={-1}
          className={`min-h-0 flex-1 overflow-auto outline-none ${stale ? 'grayscale' : ''}`}
        >
          <div className="mx-auto max-w-[1480px] p-3 sm:p-5">
            <Outlet />
          </div>
        </main>
      </div>
      <SearchDialog open={searching} onClose={() => showSearch(false)} />
      <KeysDialog open={showingKeys} onClose={() => showKeys(false)} />
    </div>
  );
}

/** Reads live events for as long as somebody is signed in; a refused token ends the session. */
function useEventStream(): void {
  const { live } = useApi();
  const { session } = useSession();
  useEffect(() => {
    const stop = new AbortController();
    live.run(stop.signal).catch(() => session.signOut());
    return () => stop.abort();
  }, [live, session]);
}
