import { documentReader, FleetError, limits } from '@edgewise/protocol';
import { deflateSync, inflateSync } from 'fflate';
import Type, { type Static } from 'typebox';
import type { Feeds } from '../runtime/runtime.ts';
import { arrays, dtypes, elementCount, type Tensor } from '../tensor/tensor.ts';

/**
 * Inputs and the outputs that the same graph gives for them with graph optimisation off: what a
 * device must reproduce before a bundle may serve. The first size of every tensor counts vectors.
 *
 * Layout of `golden.bin`, version 1 (numbers little-endian):
 *
 *     4 bytes  "EWGV"
 *     u32      length of the header
 *     header   JSON: { v, vectors, inputs: [{ name, dtype, dims }], outputs: [...] }
 *     deflated (RFC 1951): each tensor's elements in the order of the header, padded to 8 bytes
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
  const body = deflateSync(bodyOf([golden.inputs, golden.outputs]), { level: 9 });
  const bytes = new Uint8Array(8 + header.length + body.length);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(4, header.length, true);
  bytes.set(header, 8);
  bytes.set(body, 8 + header.length);
  return bytes;
}

function bodyOf(feeds: readonly Feeds[]): Uint8Array {
  const tensors = feeds.flatMap((named) => Object.values(named));
  const size = tensors.reduce((sum, { data }) => sum + padded(data.byteLength), 0);
  const body = new Uint8Array(size);
  let offset = 0;
  for (const { data } of tensors) {
    body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += padded(data.byteLength);
  }
  return body;
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
  const body = inflateBody(bytes.subarray(headerEnd), [...header.inputs, ...header.outputs]);
  let offset = 0;
  const take = (entry: Entry): readonly [string, Tensor] => {
    if (entry.dims[0] !== header.vectors) throw malformed(`${entry.name} has too few vectors`);
    const tensor = viewOf(entry, body, offset);
    offset += padded(tensor.data.byteLength);
    return [entry.name, tensor];
  };
  const inputs = Object.fromEntries(header.inputs.map(take));
  const outputs = Object.fromEntries(header.outputs.map(take));
  return { vectors: header.vectors, inputs, outputs };
}

/** Deflate packs at most 1032 bytes into one (zlib, "Maximum Compression Factor"). */
const mostPerByte = 1032;

/** Exactly as many bytes as the header announces, whatever the deflated ones would unpack to. */
function inflateBody(deflated: Uint8Array, entries: readonly Entry[]): ArrayBuffer {
  const size = entries.reduce((sum, entry) => sum + padded(bytesOf(entry)), 0);
  if (size > deflated.length * mostPerByte) throw malformed('its header announces too much');
  const room = new ArrayBuffer(size + 1);
  const written = tryInflate(deflated, new Uint8Array(room));
  if (written !== size) throw malformed('its elements are fewer or more than its header says');
  return room;
}

/** The number of bytes, at most the room there is; 0 when it cannot be unpacked. */
function tryInflate(deflated: Uint8Array, room: Uint8Array): number {
  try {
    return inflateSync(deflated, { out: room }).length;
  } catch {
    // The caller reports the missing bytes.
    return 0;
  }
}

function bytesOf({ dtype, dims }: Entry): number {
  return elementCount(dims) * arrays[dtype].BYTES_PER_ELEMENT;
}

function viewOf({ dtype, dims }: Entry, body: ArrayBuffer, offset: number): Tensor {
  return { dtype, dims, data: new arrays[dtype](body, offset, elementCount(dims)) } as Tensor;
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
