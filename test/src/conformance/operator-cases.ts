import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Initializer,
  type Model,
  readModel,
  readTensor,
  type ValueInfo,
} from '@edgewise/models/onnx';

/** Inputs of a model by name, and what it must give. `undefined`: the value is no tensor. */
export interface ExpectedRun {
  readonly inputs: ReadonlyMap<string, Initializer | undefined>;
  readonly outputs: ReadonlyMap<string, Initializer | undefined>;
}

/** One model of ONNX's backend tests with the runs it comes with. */
export interface OperatorCase {
  readonly name: string;
  /** The operator it is about; `undefined` for graphs of several. */
  readonly op: string | undefined;
  readonly bytes: Uint8Array;
  readonly model: Model;
  readonly runs: readonly ExpectedRun[];
}

/** Folders of the package that hold whole models; `real` only names files to download. */
const groups = ['node', 'simple', 'pytorch-operator', 'pytorch-converted'];

/** The Debian package with the cases, and where they lie in it. */
export const casesPackage = 'libonnx-testdata';
const casesFolder = 'usr/share/libonnx-testdata/data';

/** Every case of the unpacked package in the order of names. */
export async function* operatorCases(root: string): AsyncGenerator<OperatorCase> {
  for (const group of groups) {
    const folder = path.join(root, casesFolder, group);
    for (const name of (await readdir(folder)).sort()) {
      yield await readCase(path.join(folder, name), name);
    }
  }
}

async function readCase(folder: string, name: string): Promise<OperatorCase> {
  const bytes = new Uint8Array(await readFile(path.join(folder, 'model.onnx')));
  const model = readModel(bytes);
  const sets = (await readdir(folder)).filter((entry) => entry.startsWith('test_data_set_')).sort();
  const constants = model.graph.initializers;
  const inputs = model.graph.inputs.filter((input) => !constants.has(input.name));
  const runs = sets.map(async (set): Promise<ExpectedRun> => {
    const read = (kind: string, values: Model['graph']['inputs']) =>
      Promise.all(
        values.map(async (value, at) => {
          const file = path.join(folder, set, `${kind}_${at}.pb`);
          return [value.name, await readExpected(file, value)] as const;
        }),
      );
    return {
      inputs: new Map(await read('input', inputs)),
      outputs: new Map(await read('output', model.graph.outputs)),
    };
  });
  return { name, op: subjectOf(model), bytes, model, runs: await Promise.all(runs) };
}

async function readExpected(file: string, value: ValueInfo): Promise<Initializer | undefined> {
  if (value.foreign !== undefined) return undefined;
  const [, held] = readTensor(new Uint8Array(await readFile(file)));
  // numpy has no bfloat16: its files hold the bits as uint16.
  if (value.dtype !== 'bfloat16' || held.dtype !== 'uint16') return held;
  const { buffer, byteOffset, byteLength } = held.data as Uint16Array;
  return { ...held, dtype: 'bfloat16', data: new Uint8Array(buffer, byteOffset, byteLength) };
}

function subjectOf({ graph }: Model): string | undefined {
  const nodes = graph.nodes.filter(({ op }) => op !== 'Constant');
  const [node] = nodes.length === 0 ? graph.nodes : nodes;
  if (node === undefined || nodes.length > 1) return undefined;
  return node.domain === '' ? node.op : `${node.domain}.${node.op}`;
}
