import { FleetError } from '@edgewise/protocol';
import { arrays, type DType, elementCount } from '../tensor/tensor.ts';
import type { Initializer, OpaqueDType } from './graph.ts';
import { elementTypes, entryField, externalLocation, tensorField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/**
 * Fetches a part of a file beside the model: a checked relative location, the offset and the length
 * in bytes (`undefined`: to the end). The host of this port knows the folder.
 */
export type ExternalData = (
  location: string,
  offsetBytes: number,
  lengthBytes: number | undefined,
) => Uint8Array;

/** A constant and its name, from a TensorProto: also what a `.pb` file of test data holds. */
export function readTensor(
  bytes: Uint8Array,
  external?: ExternalData,
): readonly [name: string, constant: Initializer] {
  const draft = readFields(bytes, fields, emptyDraft());
  const dtype = dtypeOf(draft.dataType);
  if (draft.dims.some((size) => size < 0)) {
    throw new FleetError('malformed', `Constant ${draft.name} has a negative size.`);
  }
  const raw = draft.location === externalLocation ? fetchExternal(draft, external) : draft.raw;
  if (raw !== undefined && dtype !== 'string') {
    return [draft.name, fromRaw(draft.name, dtype, draft.dims, raw)];
  }
  return [draft.name, fromTyped(draft, dtype)];
}

/** The name of an element type by its ONNX number. Throws `unsupported` for one we do not know. */
export function dtypeOf(id: number): DType | OpaqueDType {
  const known = dtypesById.get(id);
  if (known !== undefined) return known;
  throw new FleetError('unsupported', `The ONNX file uses element type ${id}, which is unknown.`);
}

const dtypesById = new Map(
  Object.entries(elementTypes).map(([name, { id }]) => [id as number, name as DType | OpaqueDType]),
);

interface TensorDraft {
  name: string;
  dataType: number;
  location: number;
  raw: Uint8Array | undefined;
  readonly dims: number[];
  readonly floats: number[];
  readonly integers: bigint[];
  readonly strings: Uint8Array[];
  readonly external: Map<string, string>;
}

function emptyDraft(): TensorDraft {
  return {
    name: '',
    dataType: 0,
    location: 0,
    raw: undefined,
    dims: [],
    floats: [],
    integers: [],
    strings: [],
    external: new Map(),
  };
}

const fields: Fields<TensorDraft> = {
  [tensorField.dims]: (draft, reader) => {
    const sizes: bigint[] = [];
    reader.int64s(sizes);
    for (const size of sizes) draft.dims.push(Number(size));
  },
  [tensorField.dataType]: (draft, reader) => {
    draft.dataType = reader.integer();
  },
  [tensorField.name]: (draft, reader) => {
    draft.name = reader.string();
  },
  [tensorField.rawData]: (draft, reader) => {
    draft.raw = reader.bytes();
  },
  [tensorField.floatData]: (draft, reader) => reader.float32s(draft.floats),
  [tensorField.doubleData]: (draft, reader) => reader.float64s(draft.floats),
  [tensorField.int32Data]: (draft, reader) => reader.int64s(draft.integers),
  [tensorField.int64Data]: (draft, reader) => reader.int64s(draft.integers),
  [tensorField.uint64Data]: (draft, reader) => reader.int64s(draft.integers),
  [tensorField.stringData]: (draft, reader) => {
    draft.strings.push(reader.bytes());
  },
  [tensorField.externalData]: (draft, reader) => {
    const entry = readFields(reader.bytes(), entryFields, { key: '', value: '' });
    draft.external.set(entry.key, entry.value);
  },
  [tensorField.dataLocation]: (draft, reader) => {
    draft.location = reader.integer();
  },
};

const entryFields: Fields<{ key: string; value: string }> = {
  [entryField.key]: (draft, reader) => {
    draft.key = reader.string();
  },
  [entryField.value]: (draft, reader) => {
    draft.value = reader.string();
  },
};

export type FixedSize = Exclude<DType | OpaqueDType, 'string'>;

/** A constant of raw bytes: views them in place where their alignment allows, and copies them otherwise. */
export function fromRaw(
  name: string,
  dtype: FixedSize,
  dims: readonly number[],
  raw: Uint8Array,
): Initializer {
  const promisedBytes = Math.ceil((elementCount(dims) * elementTypes[dtype].bits) / 8);
  if (raw.length !== promisedBytes) {
    throw new FleetError(
      'malformed',
      `Constant ${name} of [${dims.join(', ')}] ${dtype} holds ${raw.length} bytes, not ${promisedBytes}.`,
    );
  }
  const Numbers = dtype in arrays ? arrays[dtype as DType] : Uint8Array;
  const aligned = raw.byteOffset % Numbers.BYTES_PER_ELEMENT === 0 ? raw : new Uint8Array(raw);
  const data = new Numbers(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.length / Numbers.BYTES_PER_ELEMENT,
  );
  return { dtype, dims, data } as Initializer;
}

/** From the typed lists, which the same clause of onnx.proto3 assigns to the element types. */
function fromTyped(draft: TensorDraft, dtype: DType | OpaqueDType): Initializer {
  const { name, dims } = draft;
  if (dtype === 'string') {
    if (draft.strings.length !== elementCount(dims)) {
      throw new FleetError('malformed', `Constant ${name} does not hold as many texts as it says.`);
    }
    return { dtype, dims, data: draft.strings };
  }
  return fromRaw(name, dtype, dims, typedBytes(draft, dtype));
}

function typedBytes({ floats, integers }: TensorDraft, dtype: FixedSize): Uint8Array {
  const numbers = (): number[] => integers.map(Number);
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return bytesOf(Float32Array.from(floats));
    case 'float64':
    case 'complex128':
      return bytesOf(Float64Array.from(floats));
    case 'int64':
    case 'uint64':
      return bytesOf(BigInt64Array.from(integers));
    case 'int32':
    case 'uint32':
      return bytesOf(Int32Array.from(numbers()));
    case 'int16':
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return bytesOf(Int16Array.from(numbers()));
    default:
      return Uint8Array.from(numbers());
  }
}

function bytesOf(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function fetchExternal(draft: TensorDraft, external: ExternalData | undefined): Uint8Array {
  const location = draft.external.get('location') ?? '';
  if (!staysInFolder(location)) {
    throw new FleetError(
      'malformed',
      `Constant ${draft.name} points outside the model's folder: ${location}`,
    );
  }
  if (external === undefined) {
    throw new FleetError(
      'unsupported',
      `Constant ${draft.name} lies in a file of its own, ${location}; save the model as one file.`,
    );
  }
  const offsetBytes = sizeOf(draft, 'offset') ?? 0;
  const lengthBytes = sizeOf(draft, 'length');
  return external(location, offsetBytes, lengthBytes);
}

function staysInFolder(location: string): boolean {
  if (location === '' || location.includes('\0') || location.includes('\\')) return false;
  if (/^([a-z]+:|\/)/i.test(location)) return false;
  return !location.split('/').includes('..');
}

function sizeOf(draft: TensorDraft, key: string): number | undefined {
  const text = draft.external.get(key);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new FleetError('malformed', `Constant ${draft.name} has a bad ${key}: ${text}`);
}
