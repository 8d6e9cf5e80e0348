import { fromBase64, toBase64 } from '@edgewise/models/bundle';
import type { LoadOptions, SessionValue } from '@edgewise/models/runtime';
import { arrays, type Tensor } from '@edgewise/models/tensor';
import { type Code, invariant } from '@edgewise/protocol';

/** A tensor as JSON carries it between processes and into a page. */
export interface PlainTensor {
  readonly dtype: Tensor['dtype'];
  readonly dims: readonly number[];
  readonly base64: string;
}
export type PlainFeeds = Readonly<Record<string, PlainTensor>>;

/** What a runtime elsewhere is asked, one JSON line each. */
export type Request =
  | { readonly ask: 'load'; readonly graph: string; readonly optimise: LoadOptions['optimise'] }
  | {
      readonly ask: 'run';
      readonly session: number;
      readonly feeds: PlainFeeds;
      readonly outputs?: readonly string[];
    }
  | { readonly ask: 'release'; readonly session: number };

/** What a loaded graph looks like. */
export interface Loaded {
  readonly session: number;
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
}

/** What it answers, in the order of the requests. */
export type Reply =
  | { readonly ok: true; readonly value: Loaded | PlainFeeds | null }
  | { readonly ok: false; readonly code: Code; readonly reason: string };

/** Feeds for JSON. */
export function plainOf(feeds: Readonly<Record<string, Tensor>>): PlainFeeds {
  return mapValues(feeds, ({ dtype, dims, data }) => ({
    dtype,
    dims,
    base64: toBase64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  }));
}

/** Feeds from JSON. */
export function feedsOf(plain: PlainFeeds): Readonly<Record<string, Tensor>> {
  return mapValues(plain, ({ dtype, dims, base64 }) => {
    const bytes = Uint8Array.from(bytesOf(base64));
    const length = bytes.length / arrays[dtype].BYTES_PER_ELEMENT;
    return { dtype, dims, data: new arrays[dtype](bytes.buffer, 0, length) } as Tensor;
  });
}

/** Bytes of base64. Throws `internal` when it is none. */
export function bytesOf(base64: string): Uint8Array {
  const bytes = fromBase64(base64);
  invariant(bytes !== undefined, 'What a runtime elsewhere sent is not base64.');
  return bytes;
}

function mapValues<V, W>(
  record: Readonly<Record<string, V>>,
  change: (value: V) => W,
): Readonly<Record<string, W>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
