import uPlot from 'uplot';
import { drawBackdrop, extentOf, nearestLine } from './backdrop.ts';
import type { Mark, SeriesProps } from './series-props.ts';

/** Colours of a plot, read from the tokens: a canvas knows no CSS variables. */
export interface PlotLook {
  readonly theme: string;
  readonly ink: string;
  readonly line: string;
  /** Of lines that stand back. */
  readonly back: string;
  readonly well: string;
  readonly act: string;
  readonly chart: readonly string[];
}

/** Reads the tokens of the theme in force. */
export function plotLook(style: CSSStyleDeclaration, theme: string): PlotLook {
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    theme,
    ink: token('--ink-faint'),
    line: token('--line'),
    back: token('--chart-back'),
    well: token('--accent'),
    act: token('--act-fill'),
    chart: [1, 2, 3, 4, 5, 6].map((place) => token(`--chart-${place}`)),
  };
}

interface PlotRequest {
  /** Read at each drawing, so that new marks need no new plot. */
  readonly props: () => SeriesProps;
  readonly look: PlotLook;
  readonly width: number;
  readonly height: number;
  /** Names of the lines as JSON; changes when the plot must be built anew. */
  readonly shape: string;
  readonly onCursor: (index: number | undefined) => void;
}

/** How many pixels away a line of the backdrop is still meant. */
const nearPixels = 24;

const font = '11px "Inter Variable", system-ui, sans-serif';

/** What uPlot is told. */
export function plotOptions({ props, look, width, height, onCursor }: PlotRequest): uPlot.Options {
  const { lines, band, sync, format, time = true } = props();
  const powers = props().rise === 'powers';
  const axis = {
    stroke: look.ink,
    font,
    ticks: { show: false },
    grid: { stroke: look.line, width: 1 },
  };
  return {
    width,
    height,
    // Half the width of the last number below.
    padding: [10, time ? 12 : 24, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 5 },
      drag: { x: false, y: false },
      ...(sync !== undefined && { sync: { key: sync, setSeries: false } }),
    },
    scales: {
      x: { time },
      y: { ...(powers && { distr: 3 }), range: (_, low, high) => spanOf(low, high, props()) },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 6,
        grid: { show: false },
        space: 80,
        ...(time ? { values: clockTicks } : { incrs: wholeSteps }),
      },
      {
        ...axis,
        ...(powers && { grid: { ...axis.grid, filter: onlyPowers } }),
        size: 56,
        gap: 6,
        space: 28,
        // On powers of ten there are lines between, without a number.
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: look.chart[line.colour - 1] ?? look.ink,
        width: 1.5,
        points: { show: false },
        ...(line.dashed && { dash: [4, 3] }),
        ...(line.joined && { spanGaps: true, width: 2, points: { show: true, size: 4 } }),
      })),
    ],
    ...(band && {
      bands: [
        {
          series: [band[0] + 1, band[1] + 1],
          fill: faint(look.chart[(lines[band[0]]?.colour ?? 1) - 1]),
        },
      ],
    }),
    hooks: {
      draw: [(plot) => drawMarks(plot, props().marks ?? [], look)],
      drawAxes: [(plot) => drawBackdrop(plot, props().backdrop ?? [], look.back)],
      setCursor: [
        (plot) => onCursor(plot.cursor.idx ?? undefined),
        (plot) => props().onNear?.(nearCursor(plot, props())),
      ],
      ready: [
        (plot) =>
          plot.over.addEventListener('click', () => {
            const near = nearCursor(plot, props());
            if (near !== undefined) props().onPick?.(near);
          }),
      ],
    },
  };
}

function nearCursor({ cursor, valToPos }: uPlot, { backdrop = [] }: SeriesProps) {
  const { idx, top = -1 } = cursor;
  if (idx === null || idx === undefined || top < 0) return undefined;
  return nearestLine(backdrop, idx, {
    distance: (value) => Math.abs(valToPos(value, 'y') - top),
    within: nearPixels,
  });
}

/** Distances between numbers of steps or epochs, of which there are no halves. */
const wholeSteps = Array.from({ length: 8 }, (_, power) => power).flatMap((power) =>
  [1, 2, 5].map((factor) => factor * 10 ** power),
);

/** Lines at powers of ten alone. */
function onlyPowers(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map((split) => (Math.abs(Math.log10(split) % 1) < 1e-9 ? split : null));
}

function spanOf(
  lowest: number | null,
  highest: number | null,
  { rise = 'zero', atLeast, backdrop = [] }: SeriesProps,
): uPlot.Range.MinMax {
  const behind = extentOf(backdrop);
  const low = behind ? Math.min(behind.low, lowest ?? behind.low) : lowest;
  const high = behind ? Math.max(behind.high, highest ?? behind.high) : highest;
  if (rise === 'powers') return uPlot.rangeLog(low ?? 0.1, high ?? 1, 10, false);
  const bottom = rise === 'least' ? (low ?? 0) : Math.min(low ?? 0, atLeast?.[0] ?? 0);
  const top = Math.max(high ?? 1, atLeast?.[1] ?? 0);
  const room = (top - bottom || 1) * 0.08;
  return [rise === 'least' ? bottom - room : bottom, top + room];
}

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const clockWithSeconds = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

const clockWithTenths = new Intl.DateTimeFormat('en', {
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 1,
  hourCycle: 'h23',
});

function clockTicks(_: uPlot, ticks: number[]): string[] {
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  const format = step < 1 ? clockWithTenths : step < 60 ? clockWithSeconds : clock;
  return ticks.map((tick) => format.format(tick * 1000));
}

function faint(colour: string | undefined): string {
  return `color-mix(in oklch, ${colour ?? 'grey'} 16%, transparent)`;
}

/** Vertical lines: solid for alarms, dashed for all else, each with a flag at its top. */
function drawMarks(plot: uPlot, marks: readonly Mark[], look: PlotLook): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const ratio = devicePixelRatio;
  ctx.save();
  for (const { at, kind } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true));
    if (x < left || x > left + width) continue;
    ctx.strokeStyle = kind === 'alarm' ? look.act : look.well;
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = ratio;
    ctx.setLineDash(kind === 'alarm' ? [] : [3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x + 7 * ratio, top + 3.5 * ratio);
    ctx.lineTo(x, top + 7 * ratio);
    ctx.fill();
  }
  ctx.restore();
}
