import type { Watermark } from '@edgewise/protocol';
import { gapsOf, type Ranges, union } from './ranges.ts';

/** Gaps that one watermark can name. */
const mostGaps = 32;

/**
 * The watermark of one class: as high as the sequence numbers that came, lower only where more gaps
 * lie below than it can name. What the device says it dropped is no gap.
 */
export function watermarkOf(epoch: number, received: Ranges, dropped: Ranges): Watermark {
  const settled = union(received, dropped);
  const gaps = gapsOf(settled);
  const beyond = gaps[mostGaps];
  const highest = settled.at(-1)?.[1] ?? 0;
  return {
    epoch,
    sequence: beyond === undefined ? highest : beyond[0] - 1,
    gaps: gaps.slice(0, mostGaps).map(([first, last]) => [first, last]),
  };
}
