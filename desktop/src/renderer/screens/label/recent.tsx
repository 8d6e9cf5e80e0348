import { Panel } from '../../components/panel.tsx';
import { text } from '../../text/text.ts';
import type { Answered } from './model.ts';
import { SampleView } from './sample-view.tsx';

const words = text.label;
/** How many answers stay in sight. */
const shown = 12;

interface RecentProps {
  readonly answered: readonly Answered[];
  readonly classes: readonly string[];
}

/** The last answers, so that a slip is seen. */
export function Recent({ answered, classes }: RecentProps) {
  if (answered.length === 0) return null;
  return (
    <Panel title={words.recent} aside={words.answered(answered.length)}>
      <ul className="flex gap-3 overflow-x-auto p-3">
        {answered
          .slice(-shown)
          .toReversed()
          .map(({ sample, label }) => (
            <li key={sample.sample} className="flex flex-col items-center gap-1">
              <SampleView sample={sample} size={56} />
              <span className={label === null ? 'text-[12px] text-faint' : 'font-medium'}>
                {label === null ? words.skipped : (classes[label] ?? label)}
              </span>
            </li>
          ))}
      </ul>
    </Panel>
  );
}
