import { FleetError } from '@edgewise/protocol';
import { elementCount } from '../tensor/tensor.ts';
import type { Initializer } from './graph.ts';
import { type ExternalData, fromRaw, readTensor } from './read-tensor.ts';
import { elementTypes, sparseField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** More elements than this are not made dense: a small file could ask for any amount of memory. */
const largestCount = 2 ** 28;

/** A constant and its name from a SparseTensorProto, made dense: what is not listed is zero. */
export function readSparseTensor(
  bytes: Uint8Array,
  external: ExternalData | undefined,
): readonly [name: string, constant: Initializer] {
  const { dims, ...parts } = readFields(bytes, fields, emptyDraft());
  const [name, values] = readTensor(parts.values, external);
  const [, indices] = readTensor(parts.indices, external);
  const refuse = (reason: string): never => {
    throw new FleetError('malformed', `Sparse constant ${name} ${reason}.`);
  };
  const count = elementCount(dims);
  if (dims.some((size) => size < 0) || count > largestCount) refuse(`has size [${dims}]`);
  const { bits } = elementTypes[values.dtype];
  if (values.dtype === 'string' || bits < 8 || !ArrayBuffer.isView(values.data)) {
    return refuse(`holds ${values.dtype}`);
  }
  if (!(indices.data instanceof BigInt64Array)) return refuse('has no int64 indices');
  const sizeBytes = bits / 8;
  const dense = new Uint8Array(count * sizeBytes);
  const { buffer, byteOffset, byteLength } = values.data;
  const given = new Uint8Array(buffer, byteOffset, byteLength);
  positionsOf(indices.data, dims, byteLength / sizeBytes).forEach((position, at) => {
    if (!(position >= 0 && position < count)) refuse('has an index outside its sizes');
    dense.set(given.subarray(at * sizeBytes, (at + 1) * sizeBytes), position * sizeBytes);
  });
  return [name, fromRaw(name, values.dtype, dims, dense)];
}

/** Indices are either row-major positions or, for each value, one index per axis. */
function positionsOf(
  indices: BigInt64Array,
  dims: readonly number[],
  valueCount: number,
): readonly number[] {
  if (indices.length === valueCount) return Array.from(indices, Number);
  return Array.from({ length: valueCount }, (_, at) =>
    dims.reduce((position, size, axis) => {
      const index = Number(indices[at * dims.length + axis] ?? -1n);
      return index >= 0 && index < size ? position * size + index : Number.NaN;
    }, 0),
  );
}

interface SparseDraft {
  values: Uint8Array;
  indices: Uint8Array;
  readonly dims: number[];
}

function emptyDraft(): SparseDraft {
  return { values: new Uint8Array(0), indices: new Uint8Array(0), dims: [] };
}

const fields: Fields<SparseDraft> = {
  [sparseField.values]: (draft, reader) => {
    draft.values = reader.bytes();
  },
  [sparseField.indices]: (draft, reader) => {
    draft.indices = reader.bytes();
  },
  [sparseField.dims]: (draft, reader) => {
    const sizes: bigint[] = [];
    reader.int64s(sizes);
    for (const size of sizes) draft.dims.push(Number(size));
  },
};
