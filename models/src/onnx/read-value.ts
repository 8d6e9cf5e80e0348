import type { ValueInfo } from './graph.ts';
import { dtypeOf } from './read-tensor.ts';
import { dimField, shapeField, tensorTypeField, typeField, valueField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** A value's name, type and sizes, from a ValueInfoProto. */
export function readValue(bytes: Uint8Array): ValueInfo {
  return readFields<Mutable<ValueInfo>>(bytes, valueFields, {
    name: '',
    dtype: undefined,
    dims: undefined,
  });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const valueFields: Fields<Mutable<ValueInfo>> = {
  [valueField.name]: (draft, reader) => {
    draft.name = reader.string();
  },
  [valueField.type]: (draft, reader) => {
    const bytes = reader.bytes();
    const seen = readFields(bytes, typeFields, { draft, isTensor: bytes.length === 0 });
    if (!seen.isTensor) draft.foreign = bytes;
  },
};

const typeFields: Fields<{ readonly draft: Mutable<ValueInfo>; isTensor: boolean }> = {
  [typeField.tensor]: (seen, reader) => {
    readFields(reader.bytes(), tensorTypeFields, seen.draft);
    seen.isTensor = true;
  },
};

const tensorTypeFields: Fields<Mutable<ValueInfo>> = {
  [tensorTypeField.elementType]: (draft, reader) => {
    const id = reader.integer();
    draft.dtype = id === 0 ? undefined : dtypeOf(id);
  },
  [tensorTypeField.shape]: (draft, reader) => {
    draft.dims = readFields(reader.bytes(), shapeFields, []);
  },
};

type Dim = number | string | undefined;

const shapeFields: Fields<Dim[]> = {
  [shapeField.dims]: (dims, reader) => {
    const dim = { size: undefined as Dim };
    dims.push(readFields(reader.bytes(), dimFields, dim).size);
  },
};

const dimFields: Fields<{ size: Dim }> = {
  [dimField.size]: (draft, reader) => {
    const size = reader.integer();
    draft.size = size < 0 ? undefined : size;
  },
  [dimField.symbol]: (draft, reader) => {
    draft.size = reader.string() || undefined;
  },
};
