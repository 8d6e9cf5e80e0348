import { FleetError } from '@edgewise/protocol';
import type { Feeds } from '../runtime/runtime.ts';
import type { DataOf, DType, Tensor } from '../tensor/tensor.ts';

/** How many vectors feeds hold: the first size, which all tensors must share. */
export function vectorCount(feeds: Feeds): number {
  const counts = new Set(Object.values(feeds).map((feed) => feed.dims[0]));
  const [count] = counts;
  if (counts.size !== 1 || count === undefined || count === 0) {
    throw new FleetError('invalid-argument', 'The feeds do not hold the same number of vectors.');
  }
  return count;
}

/** Vectors from `start` on, at most `count`, as one batch; views, not copies. */
export function sliceVectors(feeds: Feeds, start: number, count: number): Feeds {
  return mapFeeds(feeds, (feed) => {
    const size = feed.data.length / (feed.dims[0] ?? 1);
    const data = feed.data.subarray(start * size, (start + count) * size);
    const kept = Math.max(0, Math.min(count, (feed.dims[0] ?? 0) - start));
    return { dtype: feed.dtype, dims: [kept, ...feed.dims.slice(1)], data } as Tensor;
  });
}

/** One vector of feeds as a batch of one; views, not copies. */
export const vectorOf = (feeds: Feeds, index: number): Feeds => sliceVectors(feeds, index, 1);

/** The vectors at `indices`, copied. */
export function pickVectors(feeds: Feeds, indices: readonly number[]): Feeds {
  return joinVectors(indices.map((index) => vectorOf(feeds, index)));
}

/** Batches joined into one. They must have the same names, types and sizes. */
export function joinVectors(parts: readonly Feeds[]): Feeds {
  const [first = {}] = parts;
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, join(parts.map((part) => part[name]))]),
  );
}

function join(parts: readonly (Tensor | undefined)[]): Tensor {
  const whole = parts.filter((part) => part !== undefined);
  const [first] = whole;
  if (first === undefined || whole.length !== parts.length || !areAlike(first, whole)) {
    throw new FleetError('invalid-argument', 'Batches of different shapes cannot be joined.');
  }
  const length = whole.reduce((sum, part) => sum + part.data.length, 0);
  const vectors = whole.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0);
  // The element type of all parts is that of the first, which the type system cannot follow.
  const data = first.data.slice(0, 0) as DataOf['float32'];
  const joined = new (data.constructor as Float32ArrayConstructor)(length);
  let offset = 0;
  for (const part of whole) {
    joined.set(part.data as Float32Array, offset);
    offset += part.data.length;
  }
  return { dtype: first.dtype, dims: [vectors, ...first.dims.slice(1)], data: joined } as Tensor;
}

function areAlike(first: Tensor, parts: readonly Tensor[]): boolean {
  const shape = (part: Tensor): string => `${part.dtype satisfies DType} ${part.dims.slice(1)}`;
  return parts.every((part) => shape(part) === shape(first));
}

function mapFeeds(feeds: Feeds, change: (feed: Tensor) => Tensor): Feeds {
  return Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, change(feed)]));
}
