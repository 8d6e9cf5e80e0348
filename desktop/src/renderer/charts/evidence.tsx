import type { WindowSummary } from '@edgewise/protocol/http';
import { useWidth } from '../components/use-width.ts';
import { formatClock, formatEvidence } from '../text/format.ts';
import { text } from '../text/text.ts';
import { windowLevel } from './strip-cells.ts';

interface EvidenceProps {
  readonly label: string;
  /** Newest first. */
  readonly windows: readonly WindowSummary[];
  readonly height?: number;
}

const fills = {
  well: 'var(--unknown-fill)',
  watch: 'var(--watch-fill)',
  act: 'var(--act-fill)',
  unknown: 'var(--unknown-fill)',
} as const;

const words = text.evidence;

/** The evidence M of each window on a logarithmic axis, with the alarm line. */
export function Evidence({ label, windows, height = 72 }: EvidenceProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const oldestFirst = windows.toReversed();
  const line = windows.find((each) => each.drift.logThreshold !== undefined)?.drift.logThreshold;
  const highest = Math.max(1, ...windows.map((each) => each.drift.logM ?? 0));
  // Evidence grows without end once something has changed: what is far above the line is cut off.
  const top = line === undefined ? highest : Math.min(Math.max(line * 1.3, highest), line * 2.5);
  const y = (logM: number) => height - (Math.min(top, Math.max(0, logM)) / top) * (height - 4);
  const step = width / Math.max(1, oldestFirst.length);
  return (
    <div ref={box} className="relative w-full" style={{ height }}>
      <svg
        role="img"
        aria-label={words.label(label)}
        width={width}
        height={height}
        className="block"
      >
        {oldestFirst.map((window, index) => {
          const logM = window.drift.logM ?? 0;
          return (
            <rect
              key={`${window.epoch}-${window.sequence}`}
              x={index * step + 0.5}
              y={Math.min(y(logM), height - 2)}
              width={Math.max(1, step - 1)}
              height={Math.max(2, height - y(logM))}
              fill={fills[windowLevel(window)]}
            >
              <title>{words.window(formatClock(window.startMs), formatEvidence(logM))}</title>
            </rect>
          );
        })}
        {line !== undefined && (
          <line
            x1={0}
            x2={width}
            y1={y(line)}
            y2={y(line)}
            stroke="var(--act)"
            strokeDasharray="4 3"
          />
        )}
      </svg>
      {line !== undefined && (
        <span
          className="absolute left-0 rounded bg-surface/85 pr-1 text-[11px] leading-4 text-act"
          style={{ top: y(line) - 17 }}
        >
          {words.line(formatEvidence(line))}
        </span>
      )}
    </div>
  );
}
