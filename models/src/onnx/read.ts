import { FleetError } from '@edgewise/protocol';
import type { Graph, Initializer, Model, Node, ValueInfo } from './graph.ts';
import { readAttribute } from './read-attribute.ts';
import { dtypeOf, type ExternalData, readTensor } from './read-tensor.ts';
import {
  dimField,
  entryField,
  graphField,
  modelField,
  nodeField,
  opsetField,
  shapeField,
  tensorTypeField,
  typeField,
  valueField,
} from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** How a file is read; without `external`, a model with weights in other files is refused. */
export interface ReadOptions {
  readonly external?: ExternalData;
}

/** Graphs in graphs deeper than this are refused. */
const maxDepth = 16;

/**
 * The model in the bytes of an ONNX file. Constants view the file's bytes where their alignment
 * allows. Fields that we do not know are skipped; comments (`doc_string`) are dropped.
 * Throws `FleetError`: `malformed` for a broken file, `unsupported` for what we cannot carry.
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  // A Node Buffer would leak its own type into every constant.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const draft = readFields(plain, modelFields, emptyModel());
  if (draft.graph === undefined || draft.irVersion < 1 || draft.opsets.size === 0) {
    throw new FleetError('malformed', 'The file is not a whole ONNX model.');
  }
  const graph = readGraph(draft.graph, options, 0);
  const foreign = [...graph.inputs, ...graph.outputs].find((value) => value.dtype === undefined);
  if (foreign !== undefined) {
    throw new FleetError('unsupported', `Model input or output ${foreign.name} is not a tensor.`);
  }
  return { ...draft, graph };
}

interface ModelDraft {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  graph: Uint8Array | undefined;
  readonly opsets: Map<string, number>;
  readonly metadata: Map<string, string>;
}

function emptyModel(): ModelDraft {
  return {
    irVersion: 0,
    producerName: '',
    producerVersion: '',
    graph: undefined,
    opsets: new Map(),
    metadata: new Map(),
  };
}

const modelFields: Fields<ModelDraft> = {
  [modelField.irVersion]: (draft, reader) => {
    draft.irVersion = reader.integer();
  },
  [modelField.producerName]: (draft, reader) => {
    draft.producerName = reader.string();
  },
  [modelField.producerVersion]: (draft, reader) => {
    draft.producerVersion = reader.string();
  },
  [modelField.graph]: (draft, reader) => {
    draft.graph = reader.bytes();
  },
  [modelField.opsetImport]: (draft, reader) => {
    const opset = readFields(reader.bytes(), opsetFields, { domain: '', version: 0 });
    draft.opsets.set(opset.domain === 'ai.onnx' ? '' : opset.domain, opset.version);
  },
  [modelField.metadata]: (draft, reader) => {
    const entry = readFields(reader.bytes(), entryFields, { key: '', value: '' });
    draft.metadata.set(entry.key, entry.value);
  },
  [modelField.functions]: () => {
    throw new FleetError('unsupported', 'The model defines functions; inline them first.');
  },
};

const opsetFields: Fields<{ domain: string; version: number }> = {
  [opsetField.domain]: (draft, reader) => {
    draft.domain = reader.string();
  },
  [opsetField.version]: (draft, reader) => {
    draft.version = reader.integer();
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

interface GraphDraft {
  name: string;
  readonly nodes: Node[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  readonly initializers: Map<string, Initializer>;
  readonly values: Map<string, ValueInfo>;
}

function readGraph(bytes: Uint8Array, options: ReadOptions, depth: number): Graph {
  if (depth > maxDepth) throw new FleetError('unsupported', 'The model nests graphs too deeply.');
  const inner = (graph: Uint8Array): Graph => readGraph(graph, options, depth + 1);
  return readFields(bytes, graphFields(options, inner), {
    name: '',
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: new Map(),
    values: new Map(),
  });
}

function graphFields(
  { external }: ReadOptions,
  inner: (graph: Uint8Array) => Graph,
): Fields<GraphDraft> {
  const nodeFields = nodeFieldsOf((bytes) => readAttribute(bytes, { external, graph: inner }));
  return {
    [graphField.nodes]: (draft, reader) => {
      draft.nodes.push(readFields(reader.bytes(), nodeFields, emptyNode()));
    },
    [graphField.name]: (draft, reader) => {
      draft.name = reader.string();
    },
    [graphField.initializers]: (draft, reader) => {
      const [name, constant] = readTensor(reader.bytes(), external);
      draft.initializers.set(name, constant);
    },
    [graphField.inputs]: (draft, reader) => {
      draft.inputs.push(readValue(reader.bytes()));
    },
    [graphField.outputs]: (draft, reader) => {
      draft.outputs.push(readValue(reader.bytes()));
    },
    [graphField.values]: (draft, reader) => {
      const value = readValue(reader.bytes());
      draft.values.set(value.name, value);
    },
    [graphField.sparseInitializers]: () => {
      throw new FleetError('unsupported', 'The model holds sparse constants; make them dense.');
    },
  };
}

interface NodeDraft {
  name: string;
  op: string;
  domain: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, ReturnType<typeof readAttribute>[1]>;
}

function emptyNode(): NodeDraft {
  return { name: '', op: '', domain: '', inputs: [], outputs: [], attributes: new Map() };
}

function nodeFieldsOf(attribute: (bytes: Uint8Array) => ReturnType<typeof readAttribute>) {
  return {
    [nodeField.inputs]: (draft, reader) => {
      draft.inputs.push(reader.string());
    },
    [nodeField.outputs]: (draft, reader) => {
      draft.outputs.push(reader.string());
    },
    [nodeField.name]: (draft, reader) => {
      draft.name = reader.string();
    },
    [nodeField.op]: (draft, reader) => {
      draft.op = reader.string();
    },
    [nodeField.domain]: (draft, reader) => {
      const domain = reader.string();
      draft.domain = domain === 'ai.onnx' ? '' : domain;
    },
    [nodeField.attributes]: (draft, reader) => {
      draft.attributes.set(...attribute(reader.bytes()));
    },
  } as const satisfies Fields<NodeDraft>;
}

function readValue(bytes: Uint8Array): ValueInfo {
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
    readFields(reader.bytes(), typeFields, draft);
  },
};

const typeFields: Fields<Mutable<ValueInfo>> = {
  [typeField.tensor]: (draft, reader) => {
    readFields(reader.bytes(), tensorTypeFields, draft);
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
