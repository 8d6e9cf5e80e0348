import type { WindowSummary } from '@edgewise/protocol/http';
import { memo } from 'react';
import { formatClock } from '../text/format.ts';
import { text } from '../text/text.ts';
import { type StripCell, stripCells } from './strip-cells.ts';

interface StripProps {
  readonly windows: readonly WindowSummary[];
  /** Cells; one per window. */
  readonly count?: number;
  /** The device no longer answers: what is shown is old. */
  readonly stale?: boolean;
}

const width = 4;
const gap = 1;
const height = 14;

const fills = {
  well: 'var(--well-fill)',
  watch: 'var(--watch-fill)',
  act: 'var(--act-fill)',
  unknown: 'var(--unknown-fill)',
} as const;

const heights = { well: 6, watch: 10, act: 14, unknown: 6 } as const;

/** One cell per window, coloured by drift state; blank where nothing came. */
export const Strip = memo(function Strip({ windows, count = 60, stale = false }: StripProps) {
  const cells = stripCells(windows, count);
  const alarms = cells.filter((cell) => cell.level === 'act').length;
  return (
    <svg
      role="img"
      aria-label={text.strip.label(windows.length, alarms)}
      width={count * (width + gap)}
      height={height}
      className={stale ? 'opacity-45' : ''}
    >
      {cells.map((cell, index) => (
        <Cell key={cell.key} cell={cell} x={index * (width + gap)} />
      ))}
    </svg>
  );
});

/** State is told by height as well as by colour. */
function Cell({ cell, x }: { readonly cell: StripCell; readonly x: number }) {
  const { window, level } = cell;
  const size = level ? heights[level] : 1;
  return (
    <rect
      x={x}
      y={(height - size) / 2}
      width={width}
      height={size}
      rx={1}
      fill={level ? fills[level] : 'var(--line-strong)'}
    >
      {window && (
        <title>{text.strip.cell(formatClock(window.startMs), window.n, window.drift.state)}</title>
      )}
    </rect>
  );
}
