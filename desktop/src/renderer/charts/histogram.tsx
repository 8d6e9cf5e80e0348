import { formatNumber, formatShare } from '../text/format.ts';
import { text } from '../text/text.ts';
import { type HistogramBar, histogramBars } from './histogram-bars.ts';

interface HistogramProps {
  readonly label: string;
  readonly edges: readonly number[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
  /** Pixels of each half. */
  readonly half?: number;
}

const binWidth = 10;
const words = text.histogram;

/** Reference above, current below, in the same bins; what is more or less than before is marked. */
export function Histogram({ label, edges, reference, current, half = 44 }: HistogramProps) {
  const bars = histogramBars({ edges, reference, current });
  const width = bars.length * binWidth;
  return (
    <figure className="flex flex-col gap-1">
      <svg
        role="img"
        aria-label={words.label(label)}
        viewBox={`0 0 ${width} ${half * 2 + 2}`}
        preserveAspectRatio="none"
        className="w-full"
        style={{ height: half * 2 + 2 }}
      >
        {bars.map((bar) => (
          <Bin key={bar.bin} bar={bar} half={half} />
        ))}
        <line
          x1={0}
          x2={width}
          y1={half + 1}
          y2={half + 1}
          stroke="var(--line-strong)"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <Axis edges={edges} />
    </figure>
  );
}

function Bin({ bar, half }: { readonly bar: HistogramBar; readonly half: number }) {
  const x = bar.bin * binWidth + 0.75;
  const width = binWidth - 1.5;
  const middle = half + 2;
  const less = Math.max(0, -bar.difference);
  return (
    <g>
      <title>
        {words.bin(range(bar), formatShare(bar.referenceShare), formatShare(bar.currentShare))}
      </title>
      <rect
        x={bar.bin * binWidth}
        y={0}
        width={binWidth}
        height={half * 2 + 2}
        fill="transparent"
      />
      <rect
        x={x}
        y={half - bar.reference * half}
        width={width}
        height={bar.reference * half}
        fill="var(--ink-faint)"
        opacity={0.55}
      />
      <rect x={x} y={middle} width={width} height={bar.common * half} fill="var(--chart-1)" />
      {bar.difference > 0 && (
        <rect
          x={x}
          y={middle + bar.common * half}
          width={width}
          height={bar.difference * half}
          fill="var(--chart-2)"
        />
      )}
      {less > 0.01 && (
        <rect
          x={x}
          y={middle + bar.common * half}
          width={width}
          height={less * half}
          fill="none"
          stroke="var(--chart-2)"
          strokeDasharray="2 2"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </g>
  );
}

function Axis({ edges }: { readonly edges: readonly number[] }) {
  if (edges.length === 0) return null;
  const shown = [edges[0], edges[Math.floor(edges.length / 2)], edges.at(-1)];
  return (
    <div className="flex justify-between text-[11px] leading-4 text-faint tabular-nums" aria-hidden>
      {shown.map((edge, place) => (
        <span key={edge}>
          {place === 0
            ? `≤ ${formatNumber(edge)}`
            : place === 2
              ? `> ${formatNumber(edge)}`
              : formatNumber(edge)}
        </span>
      ))}
    </div>
  );
}

/** What the colours of a histogram mean. */
export function HistogramLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[12px] text-soft">
      <Key look={{ background: 'var(--ink-faint)', opacity: 0.55 }} name={words.reference} />
      <Key look={{ background: 'var(--chart-1)' }} name={words.current} />
      <Key look={{ background: 'var(--chart-2)' }} name={words.more} />
      <Key look={{ border: '1px dashed var(--chart-2)' }} name={words.less} />
    </ul>
  );
}

function Key({ look, name }: { readonly look: React.CSSProperties; readonly name: string }) {
  return (
    <li className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span className="inline-block size-2.5 rounded-[2px]" style={look} aria-hidden />
      {name}
    </li>
  );
}

function range({ from, to }: HistogramBar): string {
  if (from === undefined) return to === undefined ? '' : `≤ ${formatNumber(to)}`;
  return to === undefined
    ? `> ${formatNumber(from)}`
    : `${formatNumber(from)} – ${formatNumber(to)}`;
}
