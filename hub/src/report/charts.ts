import { escaped, figure } from './markup.ts';

/** Width of every drawing in its own units; the page scales it. */
const width = 720;

/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn in the colour of a warning. */
  readonly poor?: boolean;
}

/** Horizontal bars from 0, one line each, with their figure behind them. */
export function bars(
  all: readonly Bar[],
  { unit, title }: { readonly unit: string; readonly title: string },
): string {
  const [row, left, right] = [20, 250, 90];
  const most = Math.max(...all.map(({ value }) => value), Number.MIN_VALUE);
  const lines = all.map(({ label, value, poor }, at) => {
    const length = (Math.max(0, value) / most) * (width - left - right);
    const y = at * row;
    return `<g><title>${escaped(label)}: ${figure(value)} ${unit}</title>
<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escaped(shortened(label))}</text>
<rect x="${left}" y="${y + 3}" width="${figure(Math.max(1, length))}" height="${row - 6}" class="${poor ? 'poor' : 'bar'}"/>
<text x="${figure(left + length + 6)}" y="${y + 14}">${figure(value, 3)} ${unit}</text></g>`;
  });
  return drawing(title, all.length * row + 4, lines.join('\n'));
}

/** One point of a scatter plot. */
export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

/** Points with their labels; axes span what is there. */
export function scatter(
  points: readonly Point[],
  axes: { readonly x: string; readonly y: string; readonly title: string },
): string {
  const height = 300;
  const [left, right, top, bottom] = [80, 150, 20, 50];
  const place = scaleOf(
    points.map(({ x }) => x),
    [left, width - right],
  );
  const rise = scaleOf(
    points.map(({ y }) => y),
    [height - bottom, top],
  );
  const marks = points.map(
    ({ label, x, y }) =>
      `<circle cx="${figure(place.at(x))}" cy="${figure(rise.at(y))}" r="5" class="bar"><title>${escaped(label)}: ${figure(x)}, ${figure(y)}</title></circle>
<text x="${figure(place.at(x) + 9)}" y="${figure(rise.at(y) - 8)}">${escaped(shortened(label, 22))}</text>`,
  );
  const lines = [
    `<path d="M${left} ${top}V${height - bottom}H${width - right}" class="axis"/>`,
    ...[place.low, place.high].map(
      (x) =>
        `<text x="${figure(place.at(x))}" y="${height - bottom + 18}" text-anchor="middle">${figure(x)}</text>`,
    ),
    ...[rise.low, rise.high].map(
      (y) =>
        `<text x="${left - 8}" y="${figure(rise.at(y) + 4)}" text-anchor="end">${figure(y)}</text>`,
    ),
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(axes.x)}</text>`,
    `<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(axes.y)}</text>`,
  ];
  return drawing(axes.title, height, [...lines, ...marks].join('\n'));
}

function scaleOf(values: readonly number[], [from, to]: readonly [number, number]) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  return { low, high, at: (value: number): number => from + ((value - low) / span) * (to - from) };
}

function drawing(title: string, height: number, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
${content}
</svg>`;
}

const shortened = (label: string, most = 36): string =>
  label.length <= most ? label : `…${label.slice(1 - most)}`;
