import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import { namedRuntime, type Runtime, type Session } from '@edgewise/models/runtime';
import { fixSizes, type InputSizes, tidy, toFloat32 } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { openExternal } from './external-data.ts';
import { type FrozenInputs, freezeInputs, frozenInputsOf } from './freeze-inputs.ts';
import { inputShapesOf } from './input-shapes.ts';
import type { Io } from './io.ts';
import { naming, readNamedFile, sizeOfNamedFile } from './named-file.ts';

/** A model named on the command line, with what lies in files beside it. */
export interface ModelFile {
  readonly file: string;
  /** Size on disk, files beside it included. */
  readonly bytes: number;
  /** As it stands in the file, but for inputs that are frozen and sizes that are fixed. */
  readonly model: Model;
  /** Names of the inputs that are constants now. */
  readonly frozen: readonly string[];
  /** One whole ONNX file of it whose inputs and outputs are float32 where they were float16 or float64. */
  readonly graph: Uint8Array;
}

/** An ONNX file and what the engine loads end here: offsets within are 32 bits. */
const mostBytes = 2 ** 31 - 1;

/** What is settled about a model before anything else is done with it. */
export interface Settled {
  /** Inputs that become constants. */
  readonly frozen?: FrozenInputs;
  /** Sizes that inputs have from now on. */
  readonly sizes?: InputSizes;
}

/** What `--freeze` and `--shape` settle. Throws `invalid-argument` for what cannot be read. */
export const settledOf = (flags: {
  readonly freeze?: readonly string[];
  readonly shape?: readonly string[];
}): Required<Settled> => ({
  frozen: frozenInputsOf(flags.freeze),
  sizes: inputShapesOf(flags.shape),
});

/**
 * Reads a model, with what is settled about it. Throws `FleetError` that begins with its name: `not-found`, `malformed`, and
 * `unsupported` for more than 2 GiB in all, before any of it is read.
 */
export async function readModelFile(
  io: Io,
  file: string,
  { frozen = new Map(), sizes = {} }: Settled = {},
): Promise<ModelFile> {
  const own = await sizeOfNamedFile(io, file);
  naming(file, () => assertSize(own));
  const bytes = await readNamedFile(io, file);
  using beside = openExternal(io, file, (size) => assertSize(own + size));
  const found = naming(file, () => readModel(bytes, { external: beside.read }));
  const model = naming(file, () => fixSizes(freezeInputs(found, frozen), sizes));
  const plain = toFloat32(model);
  if (plain !== model) io.note(`${file}: its float16 and float64 numbers are read as float32.`);
  const isWhole = beside.bytes() === 0 && plain === found;
  // The engine stumbles over Ifs within Ifs whose conditions are known: they are opened before.
  const graph = isWhole ? bytes : writeModel(model === found ? plain : tidy(plain));
  const names = found.graph.inputs.map(({ name }) => name);
  return {
    ...{ file, bytes: own + beside.bytes(), model, graph },
    frozen: names.filter((name) => frozen.has(name)),
  };
}

/** Loads it. It throws as `Runtime` does, then and in every run, beginning with the name of the file. */
export const loadModelFile = ({ file, graph }: ModelFile, runtime: Runtime): Promise<Session> =>
  namedRuntime(runtime, file).load(graph);

/** Throws `invalid-argument` for an input to freeze that none of the models has. */
export function assertAllFrozen(files: readonly ModelFile[], frozen: FrozenInputs): void {
  const stray = [...frozen.keys()].find((name) =>
    files.every((file) => !file.frozen.includes(name)),
  );
  if (stray === undefined) return;
  const left = files.flatMap(({ model }) => model.graph.inputs.map(({ name }) => name));
  const known = [...new Set(left)].join(', ');
  throw new FleetError(
    'invalid-argument',
    `--freeze names "${stray}", which is no input; there are ${known}.`,
  );
}

function assertSize(bytes: number): void {
  if (bytes <= mostBytes) return;
  const size = `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const advice = 'Cut it into parts that are quantized one by one.';
  const what = `The model has ${size} or more; up to 2 GiB are read.`;
  throw new FleetError('unsupported', `${what} ${advice}`);
}
