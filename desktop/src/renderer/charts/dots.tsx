import { useWidth } from '../components/use-width.ts';
import { text } from '../text/text.ts';
import { crowdOpacity } from './backdrop.ts';
import { type DotAxis, dotAxis, type Spread } from './dot-axis.ts';
import type { Line } from './series-props.ts';
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
  /** Which chart colour sets it off from the others; without one it stands back. */
  readonly colour?: Line['colour'] | undefined;
}

interface DotsProps {
  readonly label: string;
  /** Coloured ones are drawn above the others, the first colour on top; else later ones above earlier ones. */
  readonly dots: readonly PlotDot[];
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  readonly nameX: string;
  readonly nameY: string;
  /** How the x axis is laid out; default evenly from zero. */
  readonly spreadX?: Spread;
  /** The y axis spans at least this much, so that noise does not look like a difference. */
  readonly leastY: number;
  readonly height?: number;
  /** Told when the pointer comes to a dot, and `undefined` when it leaves. */
  readonly onNear?: (key: string | undefined) => void;
  readonly onPick?: (key: string) => void;
}

const margin = { left: 64, top: 26, bottom: 34 } as const;
/** Room at the right: for half a number below, or for the names of dots. */
const rightMargin = { plain: 20, named: 48 } as const;
/** Room for a number below, in pixels. */
const tickWidth = 64;
/** Width of a letter below, in pixels. */
const letter = 6.2;

/** Dots of two figures. */
export function Dots(props: DotsProps) {
  const { label, dots, formatX, formatY, nameX, nameY, leastY, height = 220 } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const right = rightMargin[dots.some((dot) => dot.name) ? 'named' : 'plain'];
  const inner = Math.max(0, width - margin.left - right);
  const axisX = dotAxis(
    dots.map((dot) => dot.x),
    {
      ...{ spread: props.spreadX ?? 'zero', format: formatX },
      wanted: Math.min(4, Math.floor(inner / tickWidth)),
    },
  );
  const ticksY = niceTicks(
    widened(
      dots.map((dot) => dot.y),
      leastY,
    ),
    4,
  );
  const low = ticksY[0] ?? 0;
  const high = ticksY.at(-1) ?? 1;
  const px = (value: number) => margin.left + axisX.place(value) * inner;
  const py = (value: number) =>
    height -
    margin.bottom -
    ((value - low) / (high - low || 1)) * (height - margin.top - margin.bottom);
  return (
    <div ref={box} style={{ height }} className="w-full overflow-hidden">
      {width > 0 && (
        <svg
          role="img"
          aria-label={label}
          width={width}
          height={height}
          className="block text-[11px]"
          {...reach(props)}
        >
          {ticksY.map((tick) => (
            <g key={tick}>
              <line
                x1={margin.left}
                x2={width - right}
                y1={py(tick)}
                y2={py(tick)}
                stroke="var(--line)"
              />
              <text x={margin.left - 8} y={py(tick) + 4} textAnchor="end" fill="var(--ink-faint)">
                {formatY(tick)}
              </text>
            </g>
          ))}
          <NumbersBelow axis={axisX} inner={inner} y={height - margin.bottom + 16} />
          <text x={12} y={14} fill="var(--ink-faint)">
            {text.axes(nameY, nameX)}
          </text>
          {dots.map((dot) => (
            <g
              key={dot.key}
              data-key={dot.key}
              opacity={dot.colour === undefined ? crowdOpacity(dots.length) : 0}
              className={props.onPick === undefined ? undefined : 'cursor-pointer'}
            >
              <title>{dot.title}</title>
              <DotShape dot={dot} x={px(dot.x)} y={py(dot.y)} />
            </g>
          ))}
          {/* Drawn once more instead of moved: a dot that is moved in the document under a pointer may never
              hear that the pointer has left. */}
          <g pointerEvents="none">
            {dots
              .filter(({ colour }) => colour !== undefined)
              .toSorted((one, other) => (other.colour ?? 0) - (one.colour ?? 0))
              .map((dot) => (
                <DotShape key={dot.key} dot={dot} x={px(dot.x)} y={py(dot.y)} />
              ))}
          </g>
        </svg>
      )}
    </div>
  );
}

interface NumbersBelowProps {
  readonly axis: DotAxis;
  readonly inner: number;
  readonly y: number;
}

function NumbersBelow({ axis: { ticks }, inner, y }: NumbersBelowProps) {
  const fits = Math.max(3, Math.floor(inner / Math.max(1, ticks.length) / letter));
  return ticks.map(({ at, name }) => (
    <text key={at} x={margin.left + at * inner} y={y} textAnchor="middle" fill="var(--ink-faint)">
      {name.length > fits ? `${name.slice(0, fits - 1)}…` : name}
      {name.length > fits && <title>{name}</title>}
    </text>
  ));
}

/** Pointers are followed on the whole picture. */
function reach({ onNear, onPick }: DotsProps) {
  const keyAt = ({ target }: React.SyntheticEvent) =>
    (target as Element).closest('[data-key]')?.getAttribute('data-key') ?? undefined;
  return {
    ...(onNear && {
      onPointerOver: (event: React.PointerEvent) => onNear(keyAt(event)),
      onPointerLeave: () => onNear(undefined),
    }),
    ...(onPick && {
      onClick(event: React.MouseEvent) {
        const key = keyAt(event);
        if (key !== undefined) onPick(key);
      },
    }),
  };
}

interface DotShapeProps {
  readonly dot: PlotDot;
  readonly x: number;
  readonly y: number;
}

function DotShape({ dot, x, y }: DotShapeProps) {
  const fill = dot.colour === undefined ? 'var(--chart-back)' : `var(--chart-${dot.colour})`;
  return (
    <>
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
    </>
  );
}

/** The ends of the values, moved apart until they span enough. */
function widened(values: readonly number[], least: number): readonly number[] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const more = Math.max(0, least - (high - low)) / 2;
  return [low - more, high + more];
}
