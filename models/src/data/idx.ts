import { FleetError, mebibytes } from '@edgewise/protocol';
import { type DType, elementCount, type Tensor } from '../tensor/tensor.ts';
import { inflateIfPacked } from './inflate.ts';
import { elementsOf } from './numbers.ts';

/**
 * Reads an IDX file, the format of MNIST and its relatives, also when it is gzipped:
 * two zero bytes, the element type, the number of sizes, the sizes (u32), the elements; big-endian.
 * Bytes are viewed, not copied. Throws `malformed`, `unsupported` or `too-large`.
 */
export function decodeIdx(file: Uint8Array, options: { readonly maxBytes?: number } = {}): Tensor {
  const bytes = inflateIfPacked(file, options.maxBytes ?? mebibytes(1024));
  const [first, second, code = 0, rank = 0] = bytes;
  if (bytes.length < 4 || first !== 0 || second !== 0) throw malformed('it does not begin as one');
  const dtype = types.get(code);
  if (dtype === undefined) {
    throw new FleetError('unsupported', `An IDX file of element type ${code} cannot be read.`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw malformed('it ends within its sizes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const data = elementsOf(bytes.subarray(start), { dtype, bigEndian: true });
  if (data?.length !== elementCount(dims)) {
    throw malformed(`its sizes are [${dims.join(', ')}], and its elements are fewer or more`);
  }
  return { dtype, dims, data } as Tensor;
}

/** Element types by their code ("THE IDX FILE FORMAT", yann.lecun.com/exdb/mnist). */
const types: ReadonlyMap<number, DType> = new Map([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

function malformed(why: string): FleetError {
  return new FleetError('malformed', `This is no IDX file: ${why}.`);
}
