const { fround } = Math;

/** How numbers are read into a histogram. */
export interface CountOptions {
  /** Counts |x| in place of x. */
  readonly absolute: boolean;
}

/**
 * `numpy.histogram` over equal bins (its fast path): the bin is computed in float32 and then
 * corrected by the edges; the last bin includes its right edge; what lies outside is not counted.
 */
export function countEqual(
  counts: Float64Array,
  data: Float32Array,
  edges: Float32Array,
  { absolute }: CountOptions,
): void {
  const bins = counts.length;
  const first = edges[0] as number;
  const last = edges[bins] as number;
  const span = fround(last - first);
  for (let at = 0; at < data.length; at++) {
    const value = absolute ? Math.abs(data[at] as number) : (data[at] as number);
    if (!(value >= first && value <= last)) continue;
    let bin = Math.trunc(fround(fround(fround(value - first) / span) * bins));
    if (bin === bins) bin--;
    if (value < (edges[bin] as number)) bin--;
    else if (value >= (edges[bin + 1] as number) && bin !== bins - 1) bin++;
    counts[bin] = (counts[bin] as number) + 1;
  }
}

/** `numpy.histogram` over given edges, which need not be equally far apart. */
export function countBetween(
  counts: Float64Array,
  data: Float32Array,
  edges: Float32Array,
  { absolute }: CountOptions,
): void {
  const first = edges[0] as number;
  const last = edges[edges.length - 1] as number;
  for (let at = 0; at < data.length; at++) {
    const value = absolute ? Math.abs(data[at] as number) : (data[at] as number);
    if (!(value >= first && value <= last)) continue;
    const bin = Math.min(firstAbove(edges, value), edges.length - 1) - 1;
    counts[bin] = (counts[bin] as number) + 1;
  }
}

/** Index of the first edge that is greater. */
function firstAbove(edges: Float32Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
