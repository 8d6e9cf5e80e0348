import type { FieldSample } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatCount } from '../../text/format.ts';
import { text } from '../../text/text.ts';

const words = text.label;

interface QueueProgressProps {
  readonly sample: FieldSample | undefined;
  readonly answered: number;
}

/** How much is left, for the alarm that asked and in all. */
export function QueueProgress({ sample, answered }: QueueProgressProps) {
  const waiting = useAsk('status', {}).data?.labelsWaiting;
  const alarms = useAsk('listAlarms', {}).data;
  const alarm = alarms?.find((each) => each.id === sample?.alarm);
  return (
    <section aria-label={words.progress} className="flex flex-col gap-1.5">
      <div className="flex flex-wrap gap-x-4 text-soft">
        <span>{words.waiting(formatCount(waiting))}</span>
        {alarm && (
          <Link to="/drift" search={{ alarm: alarm.id }} className="hover:underline">
            {words.alarm(formatCount(alarm.labelsGiven), formatCount(alarm.labelsAsked), alarm.id)}
          </Link>
        )}
        {answered > 0 && <span>{words.answered(answered)}</span>}
      </div>
      {alarm && <Progress label={words.progress} done={alarm.labelsGiven} of={alarm.labelsAsked} />}
    </section>
  );
}
