import type { Alarm } from '@edgewise/protocol/http';
import { Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatClock, formatExact } from '../../text/format.ts';
import { text } from '../../text/text.ts';

const words = text.driftScreen.decisions;

/** What the policy decided, oldest first. */
export function Decisions({ alarm }: { readonly alarm: Alarm }) {
  return (
    <Panel title={words.title} className="self-start">
      {alarm.decisions.length === 0 && <Empty title={words.empty}>{words.emptyHint}</Empty>}
      <ol className="flex flex-col px-3 py-2">
        {alarm.decisions.map((decision, index) => (
          <li
            key={`${decision.atMs}-${decision.sentence}`}
            className="relative flex gap-3 pb-3 pl-4 last:pb-1"
          >
            <span
              className="absolute top-1.5 left-0 size-2 rounded-full bg-line-strong"
              aria-hidden
            />
            {index < alarm.decisions.length - 1 && (
              <span className="absolute top-3.5 bottom-[-6px] left-[3.5px] border-l" aria-hidden />
            )}
            <time
              className="shrink-0 text-faint"
              dateTime={new Date(decision.atMs).toISOString()}
              title={formatExact(decision.atMs)}
            >
              {formatClock(decision.atMs)}
            </time>
            <span>{decision.sentence}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
