import { escaped, figure } from './markup.ts';

/** One point of a scatter plot. */
export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

/** Which axis says what. */
export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly title: string;
}

/**
 * Points with their labels; axes span what is there, and a little more. Laid out by the page, so that
 * text keeps its size on a narrow screen.
 */
export function scatter(points: readonly Point[], axes: Axes): string {
  const [across, up] = [spanOf(points.map(({ x }) => x)), spanOf(points.map(({ y }) => y))];
  const rows = rowsOf(points.map(({ x, y }) => ({ left: across.share(x), rise: up.share(y) })));
  const marks = points.map(({ label, x, y }, at) => {
    const [left, bottom] = [across.share(x) * 100, up.share(y) * 100];
    const side = left > 55 ? 'before' : 'after';
    return `<span class="dot ${side}" style="left:${figure(left)}%;bottom:${figure(bottom)}%" title="${escaped(label)}: ${figure(x)}, ${figure(y)}"><b style="--row:${rows[at]}">${escaped(label)}</b></span>`;
  });
  const summary = points.map(({ label, x, y }) => `${label} ${figure(x)}, ${figure(y)}`);
  return `<div class="scatter" role="img" aria-label="${escaped(`${axes.title}: ${summary.join('; ')}`)}">
<p class="y">${escaped(axes.y)}</p>
<div class="rise">${up.ticks.map((tick) => `<span style="bottom:${tick.at}%">${tick.text}</span>`).join('')}</div>
<div class="field">${marks.join('\n')}</div>
<div class="run">${across.ticks.map((tick) => `<span style="left:${tick.at}%">${tick.text}</span>`).join('')}</div>
<p class="x">${escaped(axes.x)}</p>
</div>`;
}

function spanOf(values: readonly number[]) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least || Math.abs(most) || 1) * 0.1;
  const [low, high] = [least - room, most + room];
  const share = (value: number): number => (value - low) / (high - low);
  const ends = least === most ? [least] : [least, most];
  const ticks = ends.map((value) => ({ at: figure(share(value) * 100), text: figure(value) }));
  return { share, ticks };
}

/** Labels that would lie on each other are stacked, away from the nearer edge. */
function rowsOf(places: readonly { readonly left: number; readonly rise: number }[]) {
  return places.map(({ left, rise }, at) => {
    const near = places
      .slice(0, at)
      .filter((other) => Math.abs(other.rise - rise) < 0.08 && Math.abs(other.left - left) < 0.25);
    return rise < 0.5 ? -near.length : near.length;
  });
}
