import { functionField, opsetField } from './schema.ts';
import { type Fields, readFields } from './wire-reader.ts';

/** A function as the file has it: its nodes and defaults are decoded for each call. */
export interface FunctionBody {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** NodeProtos. */
  readonly nodes: readonly Uint8Array[];
  /** AttributeProtos: attributes with the value they have when a call leaves them out. */
  readonly defaults: readonly Uint8Array[];
  readonly opsets: ReadonlyMap<string, number>;
}

/** A function, from a FunctionProto. */
export function decodeFunction(bytes: Uint8Array): FunctionBody {
  return readFields(bytes, functionFields, {
    domain: '',
    name: '',
    overload: '',
    inputs: [],
    outputs: [],
    nodes: [],
    defaults: [],
    opsets: new Map(),
  });
}

/** Domain and version, from an OperatorSetIdProto. */
export function decodeOpset(bytes: Uint8Array): readonly [domain: string, version: number] {
  const { domain, version } = readFields(bytes, opsetFields, { domain: '', version: 0 });
  return [standardised(domain), version];
}

/** The standard domain has two names. */
export function standardised(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

interface FunctionDraft {
  domain: string;
  name: string;
  overload: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly nodes: Uint8Array[];
  readonly defaults: Uint8Array[];
  readonly opsets: Map<string, number>;
}

const functionFields: Fields<FunctionDraft> = {
  [functionField.domain]: (draft, reader) => {
    draft.domain = standardised(reader.string());
  },
  [functionField.name]: (draft, reader) => {
    draft.name = reader.string();
  },
  [functionField.overload]: (draft, reader) => {
    draft.overload = reader.string();
  },
  [functionField.inputs]: (draft, reader) => {
    draft.inputs.push(reader.string());
  },
  [functionField.outputs]: (draft, reader) => {
    draft.outputs.push(reader.string());
  },
  [functionField.nodes]: (draft, reader) => {
    draft.nodes.push(reader.bytes());
  },
  [functionField.defaults]: (draft, reader) => {
    draft.defaults.push(reader.bytes());
  },
  [functionField.opsetImport]: (draft, reader) => {
    draft.opsets.set(...decodeOpset(reader.bytes()));
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
