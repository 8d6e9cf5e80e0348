import { Unplug } from 'lucide-react';
import { useLiveStatus } from '../api/api-context.tsx';
import { useNow } from '../components/now.ts';
import { formatClock } from '../text/format.ts';
import { text } from '../text/text.ts';

/** A break shorter than this heals without a word. */
const patienceMs = 3_000;

/** Says that the page is old once the event stream has been broken for a while. */
export function StaleNotice() {
  const { state, sinceMs } = useLiveStatus();
  const nowMs = useNow();
  if (state !== 'broken' || nowMs - sinceMs < patienceMs) return null;
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
