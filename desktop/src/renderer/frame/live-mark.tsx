import { useLiveStatus } from '../api/api-context.tsx';
import { formatClock } from '../text/format.ts';
import { text } from '../text/text.ts';

const looks = {
  open: { dot: 'bg-well-fill pulse', word: text.frame.live },
  connecting: { dot: 'bg-unknown-fill', word: text.frame.connecting },
  broken: { dot: 'bg-act-fill', word: text.frame.broken },
} as const;

/** Whether the event stream is open. */
export function LiveMark() {
  const { state, sinceMs } = useLiveStatus();
  const { dot, word } = looks[state];
  const title =
    state === 'broken' ? text.frame.brokenTitle(formatClock(sinceMs)) : text.frame.liveTitle;
  return (
    <span
      role="status"
      title={title}
      data-live={state}
      className={`flex items-center gap-1.5 px-1 text-[12px] ${state === 'broken' ? 'font-medium text-act' : 'text-soft'}`}
    >
      <span className={`size-2 rounded-full ${dot}`} aria-hidden />
      <span>{word}</span>
    </span>
  );
}
