import { FleetError } from '@edgewise/protocol';
import { decodeFunction, decodeOpset, type FunctionBody } from './decode-function.ts';
import { decodeGraph } from './decode-graph.ts';
import type { Model } from './graph.ts';
import type { ExternalData } from './read-tensor.ts';
import { entryField, modelField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** How a file is read; without `external`, a model with weights in other files is refused. */
export interface ReadOptions {
  readonly external?: ExternalData;
}

/** What a file holds: a model whose nodes may call functions. */
export interface DecodedModel {
  readonly model: Model;
  readonly functions: readonly FunctionBody[];
}

/**
 * The contents of an ONNX file as they stand there, before functions are inlined and names are
 * checked. Throws as `readModel` does.
 */
export function decodeModel(bytes: Uint8Array, options: ReadOptions = {}): DecodedModel {
  // A Node Buffer would leak its own type into every constant.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { functions, ...draft } = readFields(plain, modelFields, emptyModel());
  if (draft.graph === undefined || draft.irVersion < 1 || draft.opsets.size === 0) {
    throw new FleetError('malformed', 'The file is not a whole ONNX model.');
  }
  const graph = decodeGraph(draft.graph, { external: options.external });
  return { model: { ...draft, graph }, functions };
}

interface ModelDraft {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  graph: Uint8Array | undefined;
  readonly opsets: Map<string, number>;
  readonly metadata: Map<string, string>;
  readonly functions: FunctionBody[];
}

function emptyModel(): ModelDraft {
  return {
    irVersion: 0,
    producerName: '',
    producerVersion: '',
    graph: undefined,
    opsets: new Map(),
    metadata: new Map(),
    functions: [],
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
    draft.opsets.set(...decodeOpset(reader.bytes()));
  },
  [modelField.metadata]: (draft, reader) => {
    const entry = readFields(reader.bytes(), entryFields, { key: '', value: '' });
    draft.metadata.set(entry.key, entry.value);
  },
  [modelField.functions]: (draft, reader) => {
    draft.functions.push(decodeFunction(reader.bytes()));
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
