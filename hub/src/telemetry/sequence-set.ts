import type { Watermark } from '@edgewise/protocol';

/** Inclusive ranges of sequence numbers, rising, disjoint and not touching. */
export type SequenceSet = readonly (readonly [first: number, last: number])[];

/** The set with one more range. Cost is linear in the ranges. */
export function addRange(set: SequenceSet, first: number, last: number): SequenceSet {
  const tail = set.at(-1);
  // What nearly always happens: the next number.
  if (!tail || first > tail[1] + 1) return [...set, [first, last]];
  const before = set.filter(([, end]) => end < first - 1);
  const after = set.filter(([start]) => start > last + 1);
  const touching = set.slice(before.length, set.length - after.length);
  const start = Math.min(first, touching[0]?.[0] ?? first);
  const end = Math.max(last, touching.at(-1)?.[1] ?? last);
  return [...before, [start, end], ...after];
}

/** Whether a number is in the set. */
export function includes(set: SequenceSet, sequence: number): boolean {
  return set.some(([first, last]) => sequence >= first && sequence <= last);
}

/** How many numbers are in the set. */
export function sizeOf(set: SequenceSet): number {
  return set.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The union of two sets. */
export function unite(a: SequenceSet, b: SequenceSet): SequenceSet {
  return b.reduce((set, [first, last]) => addRange(set, first, last), a);
}

/** The numbers of the set that are not above `last`. */
export function upTo(set: SequenceSet, last: number): SequenceSet {
  const below = set.filter(([first]) => first <= last);
  return below.map(([first, end]) => [first, Math.min(end, last)] as const);
}

/** Ranges between 1 and the last number of the set that are not in it. */
export function gapsOf(set: SequenceSet): SequenceSet {
  const gaps: (readonly [number, number])[] = [];
  let next = 1;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  return gaps;
}

/** A watermark names at most this many gaps. */
const mostGaps = 32;

/**
 * The watermark of what is durable. Beyond the 32nd gap it stops short of the next, because what it
 * covers without naming as a gap, the device forgets.
 */
export function watermarkOf(epoch: number, durable: SequenceSet): Watermark {
  const gaps = gapsOf(durable);
  const named = gaps.slice(0, mostGaps);
  const next = gaps[mostGaps];
  const sequence = next ? next[0] - 1 : (durable.at(-1)?.[1] ?? 0);
  return { epoch, sequence, gaps: named.map(([first, last]) => [first, last]) };
}
