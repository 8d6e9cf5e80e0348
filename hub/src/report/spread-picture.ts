import type { ActivationSpread } from '@edgewise/models/inspect';
import { decibels, escaped, figure, share } from './markup.ts';

/** Bars of one picture; the 2,048 bins of a histogram are joined to as many. */
const barCount = 64;

/** Size of the drawing in its own units; the page stretches it. */
const [width, height] = [100, 40];

/**
 * One activation: how often it took which values (logarithm of counts), with the range that its
 * integers reach as a band between two lines; what is clipped stands outside in the colour of a warning.
 */
export function spreadPicture(spread: ActivationSpread): string {
  const { histogram, range, op, node, value } = spread;
  const low = Math.min(histogram.min, range.min);
  const high = Math.max(histogram.max, range.max);
  const at = (number: number): number => (width * (number - low)) / (high - low || 1);
  const [kept, clipped] = [[], []] as [string[], string[]];
  for (const { from, to, rise } of joined(histogram)) {
    const middle = (from + to) / 2;
    const outside = middle < range.min || middle > range.max;
    const bar = `M${figure(at(from))} ${height}V${figure(height * (1 - rise))}H${figure(at(to))}V${height}z`;
    (outside ? clipped : kept).push(bar);
  }
  const [left, right] = [at(range.min), at(range.max)];
  const facts = factsOf(spread);
  const label = `${op} ${node}: ${[...facts, noiseText(spread)].join('; ')}`;
  return `<figure><figcaption><span><b>${escaped(op || 'input')}</b> ${escaped(node)}</span><span>${noiseText(spread)}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escaped(label)}"><title>${escaped(`${value}: ${facts.join('; ')}`)}</title>
<rect x="${figure(left)}" y="0" width="${figure(right - left)}" height="${height}" class="band"/>
<path d="${kept.join('')}" class="bar"/><path d="${clipped.join('')}" class="poor"/>
<path d="M${figure(left)} 0V${height}M${figure(right)} 0V${height}" class="end"/>
</svg>
<div class="run"><span>${figure(low, 3)}</span>${zeroMark(at(0))}<span>${figure(high, 3)}</span></div>
<p>${facts.map(escaped).join('<br>')}</p></figure>`;
}

/** A mark at zero where it does not run into the ends. */
const zeroMark = (left: number): string =>
  left > 15 && left < 85 ? `<span class="zero" style="left:${figure(left)}%">0</span>` : '';

interface JoinedBar {
  readonly from: number;
  readonly to: number;
  /** Logarithm of the count, 1 for the greatest. */
  readonly rise: number;
}

function joined({ min, max, counts, zeros }: ActivationSpread['histogram']): readonly JoinedBar[] {
  const bins = counts.length / barCount;
  const step = (max - min) / barCount;
  const sums = Array.from({ length: barCount }, (_, at) =>
    counts.subarray(at * bins, (at + 1) * bins).reduce((sum, count) => sum + count, 0),
  );
  const zeroBar = step === 0 ? 0 : Math.min(barCount - 1, Math.floor(-min / step));
  sums[zeroBar] = (sums[zeroBar] ?? 0) + zeros;
  const most = Math.log1p(Math.max(...sums));
  return sums.flatMap((sum, at) =>
    sum === 0
      ? []
      : [{ from: min + at * step, to: min + (at + 1) * step, rise: Math.log1p(sum) / most }],
  );
}

function factsOf(spread: ActivationSpread): readonly string[] {
  const { type, range, histogram, numbers } = spread;
  const zeros = numbers === 0 ? 0 : histogram.zeros / numbers;
  return [
    `${type} from ${figure(range.min, 3)} to ${figure(range.max, 3)}${zeros > 0.005 ? `, ${share(zeros)} zeros` : ''}`,
    clippedText(spread),
  ];
}

/** Signal to noise of the grid alone, in words. */
export const noiseText = ({ ownSqnrDb }: ActivationSpread): string =>
  ownSqnrDb === undefined ? 'always zero' : `${decibels(ownSqnrDb)} dB`;

/** What the ends of the range cut off, in words. */
export function clippedText({ clippedBelow, clippedAbove }: ActivationSpread): string {
  const parts = [
    ...(clippedBelow > 0 ? [`${share(clippedBelow)} clipped below`] : []),
    ...(clippedAbove > 0 ? [`${share(clippedAbove)} clipped above`] : []),
  ];
  return parts.length === 0 ? 'nothing clipped' : parts.join(', ');
}
