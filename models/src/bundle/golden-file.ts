import { documentReader, FleetError, limits } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import type { Feeds } from '../runtime/index.ts';
import { type DataOf, type DType, dtypes, elementCount, type Tensor } from '../tensor/index.ts';

/**
 * Inputs and the outputs that the same graph gives for them with graph optimisation off: what a
 * device must reproduce before a bundle may serve. The first size of every tensor counts vectors.
 *
 * Layout of `golden.bin`, version 1 (numbers little-endian):
 *
 *     4 bytes  "EWGV"
 *     u32      length of the header
 *     header   JSON: { v, vectors, inputs: [{ name, dtype, dims }], outputs: [...] }
 *     then each tensor's elements in the order of the header, each padded to 8 bytes
 */
export interface Golden {
  readonly vectors: number;
  readonly inputs: Feeds;
  readonly outputs: Feeds;
}

const magic = 'EWGV';
const align = 8;
const maxHeaderBytes = 65_536;

const Entry = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  dtype: Type.Enum([...dtypes]),
  dims: Type.Array(Type.Integer({ minimum: 1, maximum: limits.blobBytes }), {
    minItems: 1,
    maxItems: 8,
  }),
});
type Entry = Static<typeof Entry>;

const Header = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  vectors: Type.Integer({ minimum: 1, maximum: 100_000 }),
  inputs: Type.Array(Entry, { minItems: 1, maxItems: 64 }),
  outputs: Type.Array(Entry, { minItems: 1, maxItems: 64 }),
});

const readHeader = documentReader(Header);

/** The bytes of `golden.bin`; the same vectors give the same bytes. */
export function encodeGolden(golden: Golden): Uint8Array {
  const header = new TextEncoder().encode(
    JSON.stringify({
      v: 1,
      vectors: golden.vectors,
      inputs: entriesOf(golden.inputs),
      outputs: entriesOf(golden.outputs),
    }),
  );
  const tensors = [...Object.values(golden.inputs), ...Object.values(golden.outputs)];
  const size = tensors.reduce(
    (sum, { data }) => sum + padded(data.byteLength),
    padded(8 + header.length),
  );
  const bytes = new Uint8Array(size);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(4, header.length, true);
  bytes.set(header, 8);
  let offset = padded(8 + header.length);
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += padded(data.byteLength);
  }
  return bytes;
}

/** Reads `golden.bin`. Throws `malformed` or `newer-version`. */
export function decodeGolden(bytes: Uint8Array): Golden {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== magic) {
    throw malformed('it does not begin as golden vectors do');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerEnd = 8 + view.getUint32(4, true);
  if (headerEnd > bytes.length) throw malformed('it ends within its header');
  const header = readHeader(bytes.subarray(8, headerEnd), maxHeaderBytes);
  // A copy that starts at an aligned address, so that every tensor can be a view of it.
  const body = bytes.slice(padded(headerEnd)).buffer;
  let offset = 0;
  const take = (entry: Entry): readonly [string, Tensor] => {
    if (entry.dims[0] !== header.vectors) throw malformed(`${entry.name} has too few vectors`);
    const tensor = viewOf(entry, body, offset);
    offset += padded(tensor.data.byteLength);
    return [entry.name, tensor];
  };
  const inputs = Object.fromEntries(header.inputs.map(take));
  const outputs = Object.fromEntries(header.outputs.map(take));
  if (offset !== body.byteLength) throw malformed('it is longer than its header says');
  return { vectors: header.vectors, inputs, outputs };
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies {
  [D in DType]: new (
    buffer: ArrayBuffer,
    offset: number,
    length: number,
  ) => DataOf[D];
};

function viewOf({ dtype, dims, name }: Entry, body: ArrayBuffer, offset: number): Tensor {
  const length = elementCount(dims);
  if (offset + length * arrays[dtype].BYTES_PER_ELEMENT > body.byteLength) {
    throw malformed(`it ends within ${name}`);
  }
  return { dtype, dims, data: new arrays[dtype](body, offset, length) } as Tensor;
}

function entriesOf(feeds: Feeds): readonly Entry[] {
  return Object.entries(feeds).map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] }));
}

function padded(length: number): number {
  return Math.ceil(length / align) * align;
}

function malformed(why: string): FleetError {
  return new FleetError('malformed', `Golden vectors cannot be read: ${why}.`);
}
