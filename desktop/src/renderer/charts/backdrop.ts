import type uPlot from 'uplot';

/** A line that stands back behind those of the legend. */
export interface BackdropLine {
  readonly key: string;
  /** As of a `Line`; `null` where nothing was measured, drawn across. */
  readonly values: readonly (number | null)[];
}

/** The least and the greatest value; `undefined` where there is none. */
export function extentOf(
  lines: readonly BackdropLine[],
): { readonly low: number; readonly high: number } | undefined {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  if (values.length === 0) return undefined;
  return {
    low: values.reduce((one, other) => Math.min(one, other)),
    high: values.reduce((one, other) => Math.max(one, other)),
  };
}

/**
 * The line that is closest to a height at this place of the x axis, no further than `within`;
 * `distance` tells how far a value is from that height.
 */
export function nearestLine(
  lines: readonly BackdropLine[],
  index: number,
  { distance, within }: { readonly distance: (value: number) => number; readonly within: number },
): string | undefined {
  let nearest: string | undefined;
  let least = within;
  for (const { key, values } of lines) {
    const value = values[index];
    if (value === null || value === undefined) continue;
    if (distance(value) > least) continue;
    least = distance(value);
    nearest = key;
  }
  return nearest;
}

/** How opaque each of many is, so that they stay apart where they lie above each other; 0 to 1. */
export function crowdOpacity(count: number): number {
  return Math.min(1, Math.sqrt(30 / Math.max(1, count)));
}

/** Draws the lines below everything else, each with a dot where it ends. */
export function drawBackdrop(plot: uPlot, lines: readonly BackdropLine[], colour: string): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const xs = plot.data[0];
  ctx.save();
  ctx.globalAlpha = crowdOpacity(lines.length);
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = ratio;
  for (const { values } of lines) {
    let end: readonly [number, number] | undefined;
    ctx.beginPath();
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const x = plot.valToPos(xs[index] ?? 0, 'x', true);
      const y = plot.valToPos(value, 'y', true);
      if (end) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      end = [x, y];
    }
    ctx.stroke();
    if (!end) continue;
    ctx.beginPath();
    ctx.arc(end[0], end[1], 2.5 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}
