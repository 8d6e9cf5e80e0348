import type { DriftFinding } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { Histogram } from '../../charts/histogram.tsx';
import { formatClock, formatEvidence, formatNumber, none } from '../../text/format.ts';
import { text } from '../../text/text.ts';

const words = text.driftScreen.finding;
/** A spread that differs by less than this says nothing. */
const noGain = 0.05;

/** One feature of one device that changed. */
export function Finding({ finding }: { readonly finding: DriftFinding }) {
  const { device, feature, pattern, direction, effectSd, gain } = finding;
  return (
    <li className="-mr-px -mb-px flex min-w-0 flex-col gap-2 border-r border-b p-3">
      <div className="flex items-baseline justify-between gap-2">
        <h3 className="truncate font-medium">{feature}</h3>
        <Link to="/devices/$device" params={{ device }} className="text-soft hover:underline">
          {device}
        </Link>
      </div>
      <p className="text-soft sm:min-h-10">
        {words.pattern(text.patterns[pattern], direction)}
        {effectSd !== null && (
          <span className="ml-2 text-ink tabular-nums">{words.effect(signed(effectSd))}</span>
        )}
        {gain !== null && Math.abs(gain - 1) > noGain && (
          <span className="ml-2 text-ink tabular-nums">{words.gain(formatNumber(gain, 2))}</span>
        )}
      </p>
      <Histogram
        label={`${feature}, ${device}`}
        edges={finding.edges}
        reference={finding.reference}
        current={finding.current}
        half={56}
      />
      <p className="text-[12px] text-faint tabular-nums">
        {words.facts({
          m: formatEvidence(finding.logM),
          line: formatEvidence(finding.logThreshold),
          since: formatClock(finding.sinceMs),
          windows: finding.windows,
        })}
      </p>
    </li>
  );
}

function signed(value: number): string {
  if (!Number.isFinite(value)) return none;
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${formatNumber(Math.abs(value), 2)}`;
}
