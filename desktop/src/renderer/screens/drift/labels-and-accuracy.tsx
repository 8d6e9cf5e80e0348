import type { Alarm } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { formatCount, formatShare } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type AccuracyView, accuracyView, isOpen, labelProgress } from './model.ts';

const words = text.driftScreen.labels;

/** How many labels are there, and what they say about accuracy. */
export function LabelsAndAccuracy({ alarm }: { readonly alarm: Alarm }) {
  const progress = labelProgress(alarm);
  const accuracy = accuracyView(alarm);
  return (
    <Panel title={words.title} className="self-start">
      <div className="flex flex-col gap-4 p-3">
        <div className="flex flex-col gap-1.5">
          <div className="flex items-baseline justify-between">
            <span>{words.given(formatCount(progress.given), formatCount(progress.asked))}</span>
            {isOpen(alarm) && progress.missing > 0 && (
              <Link
                to="/label"
                search={{ model: alarm.model }}
                className="text-accent underline underline-offset-2"
              >
                {words.go}
              </Link>
            )}
          </div>
          <Progress label={words.title} done={progress.given} of={progress.asked} />
        </div>
        {accuracy ? (
          <Bounds accuracy={accuracy} />
        ) : (
          <p className="text-soft">{words.noAccuracy}</p>
        )}
      </div>
    </Panel>
  );
}

function Bounds({ accuracy }: { readonly accuracy: AccuracyView }) {
  const { estimate, lower, upper, right, of } = accuracy;
  return (
    <figure className="flex flex-col gap-1.5" title={words.boundsTitle}>
      <figcaption className="flex items-baseline justify-between">
        <span>{words.accuracy}</span>
        <span className="tabular-nums">
          <span className="font-medium">{formatShare(estimate)}</span>{' '}
          <span className="text-faint">{words.rightOf(right, of)}</span>
        </span>
      </figcaption>
      <div className="relative h-3 rounded-sm bg-raised">
        <div
          className="absolute inset-y-0 rounded-sm bg-(--chart-1) opacity-35"
          style={{ left: `${lower * 100}%`, width: `${Math.max(0, upper - lower) * 100}%` }}
        />
        <div
          className="absolute -inset-y-0.5 w-0.5 bg-(--chart-1)"
          style={{ left: `${estimate * 100}%` }}
        />
      </div>
      <div className="flex justify-between text-[11px] text-faint tabular-nums" aria-hidden>
        <span>0%</span>
        <span>100%</span>
      </div>
      <p className="text-[12px] text-soft">
        {words.bounds(formatShare(lower), formatShare(upper))}
      </p>
    </figure>
  );
}
