/**
 * Field numbers and type numbers of onnx.proto3 (ONNX 1.20, IR version 3 to 13), as data: the one
 * table that reader and writer share. Fields that we neither read nor write are left out.
 */
import type { DType } from '../tensor/tensor.ts';
import type { Attribute, OpaqueDType } from './graph.ts';

/** ModelProto. */
export const modelField = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
  functions: 25,
} as const;

/** OperatorSetIdProto. */
export const opsetField = { domain: 1, version: 2 } as const;

/** StringStringEntryProto. */
export const entryField = { key: 1, value: 2 } as const;

/** GraphProto. */
export const graphField = {
  nodes: 1,
  name: 2,
  initializers: 5,
  inputs: 11,
  outputs: 12,
  values: 13,
  sparseInitializers: 15,
} as const;

/** NodeProto. */
export const nodeField = {
  inputs: 1,
  outputs: 2,
  name: 3,
  op: 4,
  attributes: 5,
  domain: 7,
  overload: 8,
} as const;

/** AttributeProto. */
export const attributeField = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  typeProto: 14,
  type: 20,
  reference: 21,
  sparse: 22,
} as const;

/** TensorProto. */
export const tensorField = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

/** ValueInfoProto. */
export const valueField = { name: 1, type: 2 } as const;

/** TypeProto. */
export const typeField = { tensor: 1 } as const;

/** FunctionProto. */
export const functionField = {
  name: 1,
  inputs: 4,
  outputs: 5,
  nodes: 7,
  opsetImport: 9,
  domain: 10,
  defaults: 11,
  overload: 13,
} as const;

/** SparseTensorProto. */
export const sparseField = { values: 1, indices: 2, dims: 3 } as const;

/** TypeProto.Tensor. */
export const tensorTypeField = { elementType: 1, shape: 2 } as const;

/** TensorShapeProto. */
export const shapeField = { dims: 1 } as const;

/** TensorShapeProto.Dimension. */
export const dimField = { size: 1, symbol: 2 } as const;

/** `TensorProto.DataLocation.EXTERNAL`. */
export const externalLocation = 1;

/** `AttributeProto.AttributeType`. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  type: 13,
} as const satisfies Record<Attribute['type'], number>;

/** `AttributeProto.AttributeType.SPARSE_TENSOR`, which is read as a dense tensor. */
export const sparseAttributeType = 11;

/** `TensorProto.DataType`, with the bits of one element (0: not of fixed size). */
export const elementTypes = {
  float32: { id: 1, bits: 32 },
  uint8: { id: 2, bits: 8 },
  int8: { id: 3, bits: 8 },
  uint16: { id: 4, bits: 16 },
  int16: { id: 5, bits: 16 },
  int32: { id: 6, bits: 32 },
  int64: { id: 7, bits: 64 },
  string: { id: 8, bits: 0 },
  bool: { id: 9, bits: 8 },
  float16: { id: 10, bits: 16 },
  float64: { id: 11, bits: 64 },
  uint32: { id: 12, bits: 32 },
  uint64: { id: 13, bits: 64 },
  complex64: { id: 14, bits: 64 },
  complex128: { id: 15, bits: 128 },
  bfloat16: { id: 16, bits: 16 },
  float8e4m3fn: { id: 17, bits: 8 },
  float8e4m3fnuz: { id: 18, bits: 8 },
  float8e5m2: { id: 19, bits: 8 },
  float8e5m2fnuz: { id: 20, bits: 8 },
  uint4: { id: 21, bits: 4 },
  int4: { id: 22, bits: 4 },
  float4e2m1: { id: 23, bits: 4 },
  float8e8m0: { id: 24, bits: 8 },
  uint2: { id: 25, bits: 2 },
  int2: { id: 26, bits: 2 },
} as const satisfies Record<DType | OpaqueDType, { readonly id: number; readonly bits: number }>;
