/** Reads what people have: IDX pairs, CSV, .npy, .npz, folders of images. For the command line. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeCsv, decodeIdx, decodeNpy } from '@edgewise/models/data';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import { readImageFolder } from './read-images.ts';
import { decodeSamples, encodeSamples, type Samples } from './samples.ts';

/** Samples as the hub takes them. */
export interface ReadSamples {
  /** Arrays x and y. */
  readonly npz: Uint8Array;
  readonly count: number;
  /** Names of the classes, where the data say them. */
  readonly classes?: readonly string[];
}

/** How files are to be read. */
export interface ReadOptions {
  /** File of labels, for IDX and .npy. */
  readonly labels?: string;
  /** Column that holds the label, for CSV. */
  readonly labelColumn?: string;
}

/** Reads samples by what the file or folder is. Throws `FleetError` with file, place and advice. */
export async function readSamples(file: string, options: ReadOptions = {}): Promise<ReadSamples> {
  try {
    return await readKind(file, options);
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    if (reason.startsWith(file)) throw thrown;
    throw new FleetError(code, `${file}: ${reason}`, { cause: thrown });
  }
}

async function readKind(file: string, options: ReadOptions): Promise<ReadSamples> {
  const found = await stat(file).catch(() => {
    throw new FleetError('not-found', 'There is no such file or folder.');
  });
  if (found.isDirectory()) return pack(await readImageFolder(file));
  const name = path.basename(file).toLowerCase();
  if (name.endsWith('.npz')) {
    const npz = await readFile(file);
    return { npz, count: decodeSamples(npz).labels.length };
  }
  if (name.endsWith('.npy')) return pack({ samples: await readNumpy(file, options) });
  if (name.endsWith('.csv')) return pack(await readCsv(file, options));
  if (/idx\d-ubyte(\.gz)?$/.test(name)) return pack({ samples: await readIdx(file, options) });
  throw new FleetError(
    'unsupported',
    'This kind of file is not known; give IDX (...-idx3-ubyte), .csv, .npy, .npz or a folder with one folder of images for each class.',
  );
}

function pack(read: {
  readonly samples: Samples;
  readonly classes?: readonly string[];
}): ReadSamples {
  return {
    npz: encodeSamples(read.samples),
    count: read.samples.labels.length,
    ...(read.classes && { classes: read.classes }),
  };
}

async function readNumpy(file: string, options: ReadOptions): Promise<Samples> {
  const inputs = decodeNpy(await readFile(file));
  return { inputs: withChannel(inputs), labels: await readLabels(inputs, options) };
}

async function readIdx(file: string, options: ReadOptions): Promise<Samples> {
  const inputs = decodeIdx(await readFile(file));
  return { inputs: withChannel(inputs), labels: await readLabels(inputs, options) };
}

async function readCsv(
  file: string,
  { labelColumn }: ReadOptions,
): Promise<{ readonly samples: Samples; readonly classes?: readonly string[] }> {
  if (labelColumn === undefined) {
    throw new FleetError('invalid-argument', 'Name the column that holds the label with --label.');
  }
  const { inputs, labels, classes } = decodeCsv(await readFile(file), { labelColumn });
  return {
    samples: { inputs, labels: labels ?? new Int32Array() },
    ...(classes && { classes }),
  };
}

/** Grey images have one channel: [count, height, width] becomes [count, height, width, 1]. */
function withChannel(inputs: Tensor): Tensor {
  return inputs.dims.length === 3 && inputs.dtype === 'uint8'
    ? { ...inputs, dims: [...inputs.dims, 1] }
    : inputs;
}

async function readLabels(inputs: Tensor, { labels }: ReadOptions): Promise<Int32Array> {
  if (labels === undefined) {
    throw new FleetError('invalid-argument', 'It holds no labels; name their file with --labels.');
  }
  const bytes = await readFile(labels).catch(() => {
    throw new FleetError('not-found', `There is no file of labels ${labels}.`);
  });
  const numbers = labels.toLowerCase().endsWith('.npy') ? decodeNpy(bytes) : decodeIdx(bytes);
  if (numbers.dims.length !== 1 || numbers.dims[0] !== inputs.dims[0]) {
    throw new FleetError(
      'invalid-argument',
      `It holds ${inputs.dims[0]} samples, but ${labels} holds labels of [${numbers.dims.join(', ')}].`,
    );
  }
  return Int32Array.from(numbers.data as ArrayLike<number | bigint>, Number);
}
