import { FleetError } from '@edgewise/protocol';
import type { Attribute, Graph } from './graph.ts';
import { type ExternalData, readTensor } from './read-tensor.ts';
import { attributeField, attributeTypes } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** An attribute and its name, from an AttributeProto; `within.graph` reads a nested graph. */
export function readAttribute(
  bytes: Uint8Array,
  within: {
    readonly external: ExternalData | undefined;
    readonly graph: (bytes: Uint8Array) => Graph;
  },
): readonly [name: string, attribute: Attribute] {
  const draft = readFields(bytes, fields, emptyDraft());
  const { name, ints, floats, strings } = draft;
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
  readonly strings: Uint8Array[];
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
  [attributeField.reference]: (draft) => {
    throw new FleetError(
      'unsupported',
      `Attribute ${draft.name} refers to a function's attribute.`,
    );
  },
};
