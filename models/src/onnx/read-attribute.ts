import { FleetError } from '@edgewise/protocol';
import type { Attribute, Graph } from './graph.ts';
import { readSparseTensor } from './read-sparse.ts';
import { type ExternalData, readTensor } from './read-tensor.ts';
import { attributeField, attributeTypes, sparseAttributeType } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** Where an attribute stands. */
export interface AttributeContext {
  readonly external: ExternalData | undefined;
  /** Reads a nested graph. */
  graph(bytes: Uint8Array): Graph;
  /** Inside a function: what the call gives for the function's attribute of that name. */
  given?(name: string): Attribute | undefined;
}

/**
 * An attribute and its name, from an AttributeProto; `undefined` for one that takes the value of a
 * function's attribute which the call leaves out.
 */
export function readAttribute(
  bytes: Uint8Array,
  within: AttributeContext,
): readonly [name: string, attribute: Attribute] | undefined {
  const draft = readFields(bytes, fields, emptyDraft());
  const { name, ints, floats, strings, reference } = draft;
  if (reference !== '') {
    if (within.given === undefined) {
      throw new FleetError(
        'malformed',
        `Attribute ${name} refers to ${reference}, of no function.`,
      );
    }
    const attribute = within.given(reference);
    return attribute && [name, attribute];
  }
  switch (draft.type) {
    case attributeTypes.int:
      return [name, { type: 'int', value: draft.int }];
    case attributeTypes.float:
      return [name, { type: 'float', value: draft.float }];
    case attributeTypes.string:
      return [name, { type: 'string', value: draft.string }];
    case attributeTypes.tensor:
      return [name, { type: 'tensor', value: readTensor(draft.tensor, within.external)[1] }];
    case attributeTypes.graph:
      return [name, { type: 'graph', value: within.graph(draft.graph) }];
    case attributeTypes.ints:
      return [name, { type: 'ints', value: ints }];
    case attributeTypes.floats:
      return [name, { type: 'floats', value: floats }];
    case attributeTypes.strings:
      return [name, { type: 'strings', value: strings }];
    case attributeTypes.tensors: {
      const value = draft.tensors.map((each) => readTensor(each, within.external)[1]);
      return [name, { type: 'tensors', value }];
    }
    case attributeTypes.graphs:
      return [name, { type: 'graphs', value: draft.graphs.map((each) => within.graph(each)) }];
    case attributeTypes.type:
      return [name, { type: 'type', value: draft.typeProto }];
    case sparseAttributeType: {
      const value = readSparseTensor(draft.sparse, within.external)[1];
      return [name === 'sparse_value' ? 'value' : name, { type: 'tensor', value }];
    }
    default:
      throw new FleetError('unsupported', `Attribute ${name} is of unknown type ${draft.type}.`);
  }
}

interface AttributeDraft {
  name: string;
  type: number;
  int: bigint;
  float: number;
  string: Uint8Array;
  tensor: Uint8Array;
  graph: Uint8Array;
  readonly ints: bigint[];
  readonly floats: number[];
  typeProto: Uint8Array;
  sparse: Uint8Array;
  reference: string;
  readonly strings: Uint8Array[];
  readonly tensors: Uint8Array[];
  readonly graphs: Uint8Array[];
}

function emptyDraft(): AttributeDraft {
  const empty = new Uint8Array(0);
  return {
    name: '',
    type: 0,
    int: 0n,
    float: 0,
    string: empty,
    tensor: empty,
    graph: empty,
    ints: [],
    floats: [],
    strings: [],
    tensors: [],
    graphs: [],
    typeProto: empty,
    sparse: empty,
    reference: '',
  };
}

const fields: Fields<AttributeDraft> = {
  [attributeField.name]: (draft, reader) => {
    draft.name = reader.string();
  },
  [attributeField.type]: (draft, reader) => {
    draft.type = reader.integer();
  },
  [attributeField.int]: (draft, reader) => {
    draft.int = reader.int64();
  },
  [attributeField.float]: (draft, reader) => {
    draft.float = reader.float32();
  },
  [attributeField.string]: (draft, reader) => {
    draft.string = reader.bytes();
  },
  [attributeField.tensor]: (draft, reader) => {
    draft.tensor = reader.bytes();
  },
  [attributeField.graph]: (draft, reader) => {
    draft.graph = reader.bytes();
  },
  [attributeField.ints]: (draft, reader) => reader.int64s(draft.ints),
  [attributeField.floats]: (draft, reader) => reader.float32s(draft.floats),
  [attributeField.strings]: (draft, reader) => {
    draft.strings.push(reader.bytes());
  },
  [attributeField.tensors]: (draft, reader) => {
    draft.tensors.push(reader.bytes());
  },
  [attributeField.graphs]: (draft, reader) => {
    draft.graphs.push(reader.bytes());
  },
  [attributeField.typeProto]: (draft, reader) => {
    draft.typeProto = reader.bytes();
  },
  [attributeField.sparse]: (draft, reader) => {
    draft.sparse = reader.bytes();
  },
  [attributeField.reference]: (draft, reader) => {
    draft.reference = reader.string();
  },
};
