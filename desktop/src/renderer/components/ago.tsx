import { formatAgo, formatExact } from '../text/format.ts';
import { text } from '../text/text.ts';
import { useNow } from './now.ts';

/** A moment as relative time; the exact one, local and UTC, on hover. */
export function Ago({ atMs }: { readonly atMs: number }) {
  const nowMs = useNow();
  const words =
    nowMs - atMs < 2_000 && nowMs >= atMs - 2_000 ? text.justNow : formatAgo(atMs, nowMs);
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      title={formatExact(atMs)}
      className="whitespace-nowrap"
    >
      {words}
    </time>
  );
}
