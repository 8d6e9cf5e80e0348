import { Unplug } from 'lucide-react';
import { useLiveStatus } from '../api/api-context.tsx';
import { useNow } from '../components/now.ts';
import { formatClock } from '../text/format.ts';
import { text } from '../text/text.ts';

/** A break shorter than this heals without a word. */
const patienceMs = 3_000;

/** Whether the event stream has been broken for so long that the page counts as old. */
export function useStale(): boolean {
  const { state, sinceMs } = useLiveStatus();
  const nowMs = useNow();
  return state === 'broken' && nowMs - sinceMs >= patienceMs;
}

/** Says since when the page is old. */
export function StaleNotice() {
  const { sinceMs } = useLiveStatus();
  if (!useStale()) return null;
  return (
    <p
      role="alert"
      className="flex items-center gap-2 border-b bg-raised px-3 py-1.5 text-watch sm:px-5"
    >
      <Unplug size={14} aria-hidden />
      {text.frame.stale(formatClock(sinceMs))}
    </p>
  );
}
