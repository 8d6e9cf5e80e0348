import { FleetError } from '@edgewise/protocol';
import { standardised } from './decode-function.ts';
import type { Attribute, Graph, Initializer, Node, ValueInfo } from './graph.ts';
import { readAttribute } from './read-attribute.ts';
import { readSparseTensor } from './read-sparse.ts';
import { type ExternalData, readTensor } from './read-tensor.ts';
import { readValue } from './read-value.ts';
import { graphField, nodeField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** Where a graph stands. */
export interface GraphContext {
  readonly external: ExternalData | undefined;
  /** Inside a function: what the call gives for the function's attribute of that name. */
  given?(name: string): Attribute | undefined;
}

/** A node as the file has it; `overload` tells functions of one name apart (IR version 10). */
export interface DecodedNode extends Node {
  readonly overload?: string;
}

/** Graphs in graphs deeper than this are refused. */
const maxDepth = 16;

interface GraphDraft {
  name: string;
  readonly nodes: Node[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  readonly initializers: Map<string, Initializer>;
  readonly values: Map<string, ValueInfo>;
}

/** A graph, from a GraphProto. */
export function decodeGraph(bytes: Uint8Array, context: GraphContext, depth = 0): Graph {
  if (depth > maxDepth) throw new FleetError('unsupported', 'The model nests graphs too deeply.');
  const inner = (graph: Uint8Array): Graph => decodeGraph(graph, context, depth + 1);
  return readFields(bytes, graphFields(context, inner), {
    name: '',
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: new Map(),
    values: new Map(),
  });
}

/** A node, from a NodeProto. */
export function decodeNode(bytes: Uint8Array, context: GraphContext): DecodedNode {
  const inner = (graph: Uint8Array): Graph => decodeGraph(graph, context, 1);
  return readFields(bytes, nodeFieldsOf(context, inner), emptyNode());
}

function graphFields(
  context: GraphContext,
  inner: (graph: Uint8Array) => Graph,
): Fields<GraphDraft> {
  const { external } = context;
  const nodeFields = nodeFieldsOf(context, inner);
  return {
    [graphField.nodes]: (draft, reader) => {
      draft.nodes.push(readFields(reader.bytes(), nodeFields, emptyNode()));
    },
    [graphField.name]: (draft, reader) => {
      draft.name = reader.string();
    },
    [graphField.initializers]: (draft, reader) => {
      hold(draft, readTensor(reader.bytes(), external));
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
    [graphField.sparseInitializers]: (draft, reader) => {
      hold(draft, readSparseTensor(reader.bytes(), external));
    },
  };
}

function hold(
  { initializers }: GraphDraft,
  [name, constant]: readonly [string, Initializer],
): void {
  if (initializers.has(name)) {
    throw new FleetError('malformed', `The graph has two constants named "${name}".`);
  }
  initializers.set(name, constant);
}

interface NodeDraft {
  name: string;
  op: string;
  domain: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, Attribute>;
  overload?: string;
}

function emptyNode(): NodeDraft {
  return { name: '', op: '', domain: '', inputs: [], outputs: [], attributes: new Map() };
}

function nodeFieldsOf(
  context: GraphContext,
  graph: (bytes: Uint8Array) => Graph,
): Fields<NodeDraft> {
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
      draft.domain = standardised(reader.string());
    },
    [nodeField.attributes]: (draft, reader) => {
      const attribute = readAttribute(reader.bytes(), { ...context, graph });
      if (attribute !== undefined) draft.attributes.set(...attribute);
    },
    [nodeField.overload]: (draft, reader) => {
      const overload = reader.string();
      if (overload !== '') draft.overload = overload;
    },
  };
}
