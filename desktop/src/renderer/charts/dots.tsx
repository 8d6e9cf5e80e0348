import { useWidth } from '../components/use-width.ts';
import { text } from '../text/text.ts';
import { niceTicks } from './ticks.ts';

/** A point of a scatter plot. */
export interface PlotDot {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly shape: 'circle' | 'diamond';
  readonly title: string;
  /** Written beside the dot. */
  readonly name?: string | undefined;
  readonly selected: boolean;
}

interface DotsProps {
  readonly label: string;
  readonly dots: readonly PlotDot[];
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  readonly nameX: string;
  readonly nameY: string;
  /** The y axis spans at least this much, so that noise does not look like a difference. */
  readonly leastY: number;
  readonly height?: number;
}

const margin = { left: 64, right: 48, top: 26, bottom: 34 } as const;

/** Dots of two figures. */
export function Dots({
  label,
  dots,
  formatX,
  formatY,
  nameX,
  nameY,
  leastY,
  height = 220,
}: DotsProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const ticksX = niceTicks([0, ...dots.map((dot) => dot.x)], 4);
  const ticksY = niceTicks(
    widened(
      dots.map((dot) => dot.y),
      leastY,
    ),
    4,
  );
  const scale = (value: number, ticks: readonly number[], from: number, to: number) => {
    const low = ticks[0] ?? 0;
    const high = ticks.at(-1) ?? 1;
    return from + ((value - low) / (high - low || 1)) * (to - from);
  };
  const px = (value: number) => scale(value, ticksX, margin.left, width - margin.right);
  const py = (value: number) => scale(value, ticksY, height - margin.bottom, margin.top);
  return (
    <div ref={box} style={{ height }} className="w-full overflow-hidden">
      {width > 0 && (
        <svg
          role="img"
          aria-label={label}
          width={width}
          height={height}
          className="block text-[11px]"
        >
          {ticksY.map((tick) => (
            <g key={tick}>
              <line
                x1={margin.left}
                x2={width - margin.right}
                y1={py(tick)}
                y2={py(tick)}
                stroke="var(--line)"
              />
              <text x={margin.left - 8} y={py(tick) + 4} textAnchor="end" fill="var(--ink-faint)">
                {formatY(tick)}
              </text>
            </g>
          ))}
          {ticksX.map((tick) => (
            <text
              key={tick}
              x={px(tick)}
              y={height - margin.bottom + 16}
              textAnchor="middle"
              fill="var(--ink-faint)"
            >
              {formatX(tick)}
            </text>
          ))}
          <text x={12} y={14} fill="var(--ink-faint)">
            {text.axes(nameY, nameX)}
          </text>
          {dots.map((dot) => (
            <DotShape key={dot.key} dot={dot} x={px(dot.x)} y={py(dot.y)} />
          ))}
        </svg>
      )}
    </div>
  );
}

function DotShape({
  dot,
  x,
  y,
}: {
  readonly dot: PlotDot;
  readonly x: number;
  readonly y: number;
}) {
  const fill = dot.selected ? 'var(--chart-1)' : 'var(--line-strong)';
  return (
    <g>
      <title>{dot.title}</title>
      {dot.shape === 'circle' ? (
        <circle cx={x} cy={y} r={5} fill={fill} stroke="var(--surface)" />
      ) : (
        <rect
          x={x - 4}
          y={y - 4}
          width={8}
          height={8}
          fill={fill}
          stroke="var(--surface)"
          transform={`rotate(45 ${x} ${y})`}
        />
      )}
      {dot.name && (
        <text x={x + 9} y={y + 4} fill="var(--ink-soft)">
          {dot.name}
        </text>
      )}
    </g>
  );
}

/** The ends of the values, moved apart until they span enough. */
function widened(values: readonly number[], least: number): readonly number[] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const more = Math.max(0, least - (high - low)) / 2;
  return [low - more, high + more];
}
