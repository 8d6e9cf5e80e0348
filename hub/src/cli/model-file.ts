import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import type { Runtime, Session } from '@edgewise/models/runtime';
import { toFloat32 } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { openExternal } from './external-data.ts';
import type { Io } from './io.ts';
import { naming, namingAll, readNamedFile, sizeOfNamedFile } from './named-file.ts';

/** A model named on the command line, with what lies in files beside it. */
export interface ModelFile {
  readonly file: string;
  /** Size on disk, files beside it included. */
  readonly bytes: number;
  /** As it stands in the file. */
  readonly model: Model;
  /** One whole ONNX file whose inputs and outputs are float32 where they were float16 or float64. */
  readonly graph: Uint8Array;
}

/** An ONNX file and what the engine loads end here: offsets within are 32 bits. */
const mostBytes = 2 ** 31 - 1;

/**
 * Reads a model. Throws `FleetError` that begins with its name: `not-found`, `malformed`, and
 * `unsupported` for more than 2 GiB in all, before any of it is read.
 */
export async function readModelFile(io: Io, file: string): Promise<ModelFile> {
  const own = await sizeOfNamedFile(io, file);
  naming(file, () => assertSize(own));
  const bytes = await readNamedFile(io, file);
  using beside = openExternal(io, file, (size) => assertSize(own + size));
  const model = naming(file, () => readModel(bytes, { external: beside.read }));
  const plain = toFloat32(model);
  if (plain !== model) io.note(`${file}: its float16 and float64 numbers are read as float32.`);
  const isWhole = beside.bytes() === 0 && plain === model;
  const graph = isWhole ? bytes : writeModel(plain);
  return { file, bytes: own + beside.bytes(), model, graph };
}

/** Loads it. Throws as `Runtime.load` does, beginning with the name of the file. */
export const loadModelFile = ({ file, graph }: ModelFile, runtime: Runtime): Promise<Session> =>
  namingAll(file, () => runtime.load(graph));

function assertSize(bytes: number): void {
  if (bytes <= mostBytes) return;
  const size = `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const advice = 'Cut it into parts that are quantized one by one.';
  const what = `The model has ${size} or more; up to 2 GiB are read.`;
  throw new FleetError('unsupported', `${what} ${advice}`);
}
