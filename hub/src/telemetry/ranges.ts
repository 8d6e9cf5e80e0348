/** Inclusive ranges of sequence numbers, rising, disjoint and never touching. */
export type Ranges = readonly (readonly [first: number, last: number])[];

/** The ranges with one more range in them. */
export function withRange(ranges: Ranges, first: number, last: number): Ranges {
  const before = ranges.filter(([, end]) => end < first - 1);
  const after = ranges.filter(([start]) => start > last + 1);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const start = Math.min(first, ...touched.map(([from]) => from));
  const end = Math.max(last, ...touched.map(([, to]) => to));
  return [...before, [start, end], ...after];
}

/** Whether a number is in one of the ranges. */
export function includes(ranges: Ranges, value: number): boolean {
  return ranges.some(([first, last]) => first <= value && value <= last);
}

/** The holes from 1 to the end of the last range. */
export function gapsOf(ranges: Ranges): Ranges {
  let next = 1;
  const gaps: [number, number][] = [];
  for (const [first, last] of ranges) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  return gaps;
}

/** How many numbers the ranges hold. */
export function countOf(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** Both sets together. */
export function union(a: Ranges, b: Ranges): Ranges {
  return b.reduce<Ranges>((all, [first, last]) => withRange(all, first, last), a);
}
