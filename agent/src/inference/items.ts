import type { ModelInput } from '@edgewise/models/bundle';
import type { Feeds } from '@edgewise/models/runtime';
import { arrays, type DType, elementCount, type Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';

/**
 * One input as a source delivers it: raw bytes of all inputs one after another (little-endian, in
 * the order of the manifest), or JSON numbers: nested or flat, by input name when there are several.
 */
export type Item = Uint8Array | { readonly json: unknown };

type NumberDType = Exclude<DType, 'int64' | 'uint64'>;

/** Bytes of one value of an input without its batch. */
function inputBytes(input: ModelInput): number {
  return elementCount(input.dims) * arrays[input.dtype].BYTES_PER_ELEMENT;
}

/** Bytes of one whole item. */
function itemBytes(inputs: readonly ModelInput[]): number {
  return inputs.reduce((sum, input) => sum + inputBytes(input), 0);
}

/** The canonical bytes of an item. Throws `invalid-argument` and names the item and what is wrong. */
export function bytesOfItem(
  inputs: readonly ModelInput[],
  item: Item,
  options: { readonly index: number },
): Uint8Array {
  const size = itemBytes(inputs);
  if (item instanceof Uint8Array) {
    if (item.length === size) return item;
    throw wrong(options.index, `it has ${item.length} bytes, the model takes ${size}`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const input of inputs) {
    const value = inputs.length === 1 ? item.json : fieldOf(item.json, input.name);
    bytes.set(numbersToBytes(input, value, options.index), at);
    at += inputBytes(input);
  }
  return bytes;
}

/** Cuts a body that holds several items one after another. Throws `invalid-argument`. */
export function cutItems(inputs: readonly ModelInput[], bytes: Uint8Array): readonly Uint8Array[] {
  const size = itemBytes(inputs);
  if (bytes.length === 0 || bytes.length % size !== 0) {
    const reason = `The body has ${bytes.length} bytes, which is no whole number of items of ${size} bytes.`;
    throw new FleetError('invalid-argument', reason);
  }
  const count = bytes.length / size;
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** One batch of the canonical bytes of items; what is fed may share their memory. */
export function feedsOf(inputs: readonly ModelInput[], items: readonly Uint8Array[]): Feeds {
  const feeds: Record<string, Tensor> = {};
  let at = 0;
  for (const input of inputs) {
    const { dtype, dims } = input;
    const bytes = joined(items, {
      at,
      size: inputBytes(input),
      aligned: arrays[dtype].BYTES_PER_ELEMENT,
    });
    const length = bytes.length / arrays[dtype].BYTES_PER_ELEMENT;
    const data = new arrays[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
    feeds[input.name] = { dtype, dims: [items.length, ...dims], data } as Tensor;
    at += inputBytes(input);
  }
  return feeds;
}

interface Part {
  /** Where it begins in each item. */
  readonly at: number;
  readonly size: number;
  /** Its address must be a multiple of this. */
  readonly aligned: number;
}

/** The same part of every item, one after another; of a single frame the frame itself. */
function joined(items: readonly Uint8Array[], { at, size, aligned }: Part): Uint8Array {
  const [first] = items;
  if (first !== undefined && items.length === 1 && (first.byteOffset + at) % aligned === 0) {
    return first.subarray(at, at + size);
  }
  const bytes = new Uint8Array(size * items.length);
  for (const [index, item] of items.entries())
    bytes.set(item.subarray(at, at + size), index * size);
  return bytes;
}

function numbersToBytes(input: ModelInput, value: unknown, index: number): Uint8Array {
  if (input.dtype === 'int64' || input.dtype === 'uint64') {
    throw wrong(
      index,
      `input "${input.name}" is ${input.dtype}, which JSON cannot carry; send bytes`,
    );
  }
  const flat: number[] = [];
  flatten(value, flat, mostNested);
  const count = elementCount(input.dims);
  if (flat.length !== count) {
    throw wrong(
      index,
      `input "${input.name}" has ${flat.length} numbers, the model takes ${count}`,
    );
  }
  if (!flat.every(Number.isFinite)) throw wrong(index, `input "${input.name}" holds a non-number`);
  const data = new arrays[input.dtype as NumberDType](flat);
  return new Uint8Array(data.buffer);
}

/** An item has at most six sizes; whoever nests deeper would only exhaust the stack. */
const mostNested = 16;

function flatten(value: unknown, into: number[], levels: number): void {
  if (Array.isArray(value) && levels > 0)
    for (const inner of value) flatten(inner, into, levels - 1);
  else into.push(typeof value === 'number' ? value : Number.NaN);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined;
  return value[name as keyof typeof value];
}

function wrong(index: number, what: string): FleetError {
  return new FleetError('invalid-argument', `Item ${index} cannot be used: ${what}.`);
}
