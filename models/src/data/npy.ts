import { FleetError } from '@edgewise/protocol';
import { arrays, type DataOf, type DType, elementCount, type Tensor } from '../tensor/tensor.ts';
import { elementsOf } from './numbers.ts';

/**
 * NumPy's file of one array (NEP 1, "A Simple File Format for NumPy Arrays", versions 1 to 3):
 * "\x93NUMPY", version, length of the header, the header as a Python dictionary, the elements.
 */
const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** Reads a `.npy` file of numbers. Throws `malformed`, or `unsupported` for text and objects. */
export function decodeNpy(bytes: Uint8Array): Tensor {
  const { header, start } = readHeader(bytes);
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const isFortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (isFortran === undefined || shape === undefined || !/'descr'/.test(header)) {
    throw malformed('its header lacks the type or the sizes');
  }
  const { dtype, bigEndian } = typeOf(descr ?? 'a structure');
  const dims = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const data = elementsOf(bytes.subarray(start), { dtype, bigEndian });
  if (data?.length !== elementCount(dims)) {
    throw malformed(`its sizes are [${dims.join(', ')}], and its elements are fewer or more`);
  }
  const ordered = isFortran === 'True' ? rowMajor(data, dims, dtype) : data;
  return { dtype, dims, data: ordered } as Tensor;
}

/** Writes a `.npy` file, version 1. */
export function encodeNpy({ dtype, dims, data }: Tensor): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const dict = `{'descr': '${codes[dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  // The elements begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + data.byteLength);
  bytes.set(magic);
  bytes.set([1, 0, length & 255, length >> 8], 6);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return bytes;
}

/** NumPy's names of the element types, little-endian. */
const codes: Readonly<Record<DType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  bool: '|b1',
};

const dtypeOfCode: ReadonlyMap<string, DType> = new Map(
  Object.entries(codes).map(([dtype, code]) => [code.slice(1), dtype as DType]),
);

function typeOf(descr: string): { readonly dtype: DType; readonly bigEndian: boolean } {
  const dtype = dtypeOfCode.get(descr.slice(1));
  if (dtype === undefined || !'<>|='.includes(descr[0] ?? 'x')) {
    throw new FleetError('unsupported', `A NumPy array of type ${descr} cannot be read.`);
  }
  return { dtype, bigEndian: descr.startsWith('>') };
}

function readHeader(bytes: Uint8Array): { readonly header: string; readonly start: number } {
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw malformed('it does not begin as one');
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) {
    throw new FleetError('unsupported', `A NumPy file of version ${version} cannot be read.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (begin + length > bytes.length) throw malformed('it ends within its header');
  const header = new TextDecoder().decode(bytes.subarray(begin, begin + length));
  return { header, start: begin + length };
}

/** Puts elements that lie column by column (first axis fastest) row by row. */
function rowMajor(data: DataOf[DType], dims: readonly number[], dtype: DType): DataOf[DType] {
  const ordered = new arrays[dtype](data.length) as Float32Array;
  const place = dims.map(() => 0);
  const strides = dims.map((_, axis) => elementCount(dims.slice(0, axis)));
  for (let index = 0; index < data.length; index++) {
    const from = place.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
    ordered[index] = data[from] as number;
    advance(place, dims);
  }
  return ordered;
}

/** The next place in row-major order. */
function advance(place: number[], dims: readonly number[]): void {
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const next = (place[axis] ?? 0) + 1;
    place[axis] = next === dims[axis] ? 0 : next;
    if (place[axis] !== 0) return;
  }
}

function malformed(why: string): FleetError {
  return new FleetError('malformed', `This is no NumPy file: ${why}.`);
}
