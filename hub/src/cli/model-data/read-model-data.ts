import { stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeCsv, decodeIdx, decodeNpy, decodeNpz } from '@edgewise/models/data';
import type { SessionValue } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { Client } from '../../client/client.ts';
import { countFrom1, type Io } from '../io.ts';
import { naming, readNamedFile } from '../named-file.ts';
import { fitToInputs, type ModelData } from './fit-to-inputs.ts';
import type { FoundArrays } from './found-arrays.ts';
import { readDataset } from './read-dataset.ts';
import { readModelImages } from './read-model-images.ts';

/** How data named on the command line become inputs of a model. */
export interface ModelDataOptions {
  readonly inputs: readonly SessionValue[];
  /** Column of a CSV that is no input; with classes in it, it gives the labels. */
  readonly labelColumn?: string;
  /** File of labels, for IDX and .npy. */
  readonly labels?: string;
  /** How pixels become numbers: a name, or a JSON file. */
  readonly preprocessing?: string;
  /** Samples to use at most. */
  readonly limit: number;
  /** A hub, for `dataset:NAME`. */
  readonly client: () => Client;
}

/** What DATA may be, for `--help`. */
export const dataHelp = `
DATA is one of
  inputs.npz           arrays named after the inputs (or one array x), first axis = samples; y = class numbers
  inputs.npy           one array, for a model with one input; labels in --labels
  train-images-idx3-ubyte, inputs.csv (--label COLUMN)
  photos/              images, or one folder of images for each class, made fit by --preprocess
  dataset:NAME[/PART]  samples of a hub's data set (train, validation or test; --hub, --token)`;

const datasetPrefix = 'dataset:';

/**
 * Reads data and cuts them to the inputs of a model. Throws `FleetError` that begins with the name
 * of the data: `not-found`, `malformed`, `invalid-argument` that names the input, or
 * `insufficient-data`.
 */
export async function readModelData(
  io: Io,
  data: string,
  options: ModelDataOptions,
): Promise<ModelData> {
  const found = await findArrays(io, data, options);
  return naming(data, () => fitToInputs(found, options));
}

async function findArrays(io: Io, data: string, options: ModelDataOptions): Promise<FoundArrays> {
  if (data.startsWith(datasetPrefix)) {
    return readDataset(options.client(), data.slice(datasetPrefix.length), options);
  }
  const place = path.resolve(io.cwd, data);
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return readModelImages(io, place, options);
  const bytes = await readNamedFile(io, data);
  const found = naming(data, () => decode(data, bytes, options));
  if (options.labels === undefined) return found;
  const labels = await readNamedFile(io, options.labels);
  return { ...found, labels: naming(options.labels, () => decodeLabels(options.labels, labels)) };
}

function decode(
  file: string,
  bytes: Uint8Array,
  { inputs, labelColumn }: ModelDataOptions,
): FoundArrays {
  if (path.extname(file) === '.npz') {
    const arrays = decodeNpz(bytes);
    const isInput = inputs.some(({ name }) => name === 'y');
    const labels: ArrayLike<number | bigint> | undefined = arrays.get('y')?.data;
    // Numbers with fractions are what a regression learns, not classes.
    const areClasses = !isInput && labels !== undefined && Array.from(labels).every(isWhole);
    return { arrays, ...(areClasses && { labels }) };
  }
  const [input, second] = inputs;
  if (!input || second) {
    throw new FleetError(
      'invalid-argument',
      `The model has ${inputs.length} inputs; give an .npz with an array for each: ${inputs.map(({ name }) => name).join(', ')}.`,
    );
  }
  if (path.extname(file) === '.csv') {
    const read = decodeCsv(bytes, labelColumn === undefined ? {} : { labelColumn });
    return {
      arrays: new Map([[input.name, read.inputs]]),
      ...(read.labels && { labels: read.labels }),
    };
  }
  const array = path.extname(file) === '.npy' ? decodeNpy(bytes) : decodeKnown(bytes);
  return { arrays: new Map([[input.name, array]]) };
}

const isWhole = (value: number | bigint): boolean => Number.isSafeInteger(Number(value));

/** IDX files have no common ending: what is none is most likely of a kind that is not read. */
function decodeKnown(bytes: Uint8Array): Tensor {
  if (bytes[0] === 0 && bytes[1] === 0) return decodeIdx(bytes);
  throw new FleetError('malformed', 'It is none of .npz, .npy, .csv and IDX, nor a folder.');
}

function decodeLabels(file: string | undefined, bytes: Uint8Array): ArrayLike<number | bigint> {
  const isNumpy = file?.toLowerCase().endsWith('.npy') === true;
  const { dims, data } = isNumpy ? decodeNpy(bytes) : decodeIdx(bytes);
  if (dims.length === 1) return data;
  throw new FleetError('invalid-argument', `Labels are a list, not [${dims.join(', ')}].`);
}

/** Options of a command that reads DATA. */
export interface DataFlags {
  readonly label?: string;
  readonly labels?: string;
  readonly preprocess?: string;
  readonly limit: string;
  readonly freeze?: readonly string[];
  readonly shape?: readonly string[];
}

/** Flags as `readModelData` takes them. Throws `invalid-argument` for a limit that is no number. */
export const dataOptionsOf = (flags: DataFlags) => ({
  limit: countFrom1('--limit', flags.limit),
  ...(flags.label !== undefined && { labelColumn: flags.label }),
  ...(flags.labels !== undefined && { labels: flags.labels }),
  ...(flags.preprocess !== undefined && { preprocessing: flags.preprocess }),
});
