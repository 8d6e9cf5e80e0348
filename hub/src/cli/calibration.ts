import path from 'node:path';
import { decodeCsv, decodeIdx, decodeNpy, decodeNpz } from '@edgewise/models/data';
import type { Feeds, Runtime, SessionValue } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { Io } from './io.ts';
import { naming, readNamedFile } from './named-file.ts';

interface CalibrationOptions {
  /** Bytes of the model that will be fed. */
  readonly model: Uint8Array;
  readonly runtime: Runtime;
  /** Column of a CSV that is no input. */
  readonly labelColumn?: string;
  /** Samples to use at most. */
  readonly limit: number;
}

/** Feeds for a calibration, batch by batch. */
export interface Calibration {
  readonly feeds: readonly Feeds[];
  readonly samples: number;
}

/** Samples of one run where the model takes any number. */
const freeBatch = 16;

/** Reads calibration data and cuts it to the inputs of a model. Throws `invalid-argument` that names the input. */
export async function readCalibration(
  io: Io,
  file: string,
  { model, runtime, limit, labelColumn }: CalibrationOptions,
): Promise<Calibration> {
  await using session = await runtime.load(model);
  const arrays = await readArrays(io, file, { inputs: session.inputs, labelColumn });
  const chosen = session.inputs.map((input) => ({ input, array: arrayFor(input, arrays, file) }));
  const available = Math.min(...chosen.map(({ array }) => array.dims[0] ?? 0), limit);
  const batch =
    Math.max(...session.inputs.map(({ dims }) => dims[0] ?? 0)) || Math.min(freeBatch, available);
  const feeds: Feeds[] = [];
  for (let start = 0; batch > 0 && start + batch <= available; start += batch) {
    feeds.push(
      Object.fromEntries(
        chosen.map(({ input, array }) => [input.name, slice(array, start, batch)]),
      ),
    );
  }
  if (feeds.length === 0) {
    throw new FleetError(
      'insufficient-data',
      `${file} has ${available} samples; the model takes ${Math.max(1, batch)} at a time.`,
    );
  }
  return { feeds, samples: feeds.length * batch };
}

interface Wanted {
  readonly inputs: readonly SessionValue[];
  readonly labelColumn: string | undefined;
}

async function readArrays(
  io: Io,
  file: string,
  { inputs, labelColumn }: Wanted,
): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await readNamedFile(io, file);
  if (path.extname(file) === '.npz') return naming(file, () => decodeNpz(bytes));
  const [input, second] = inputs;
  if (!input || second) {
    throw new FleetError(
      'invalid-argument',
      `The model has ${inputs.length} inputs; give an .npz with an array for each: ${inputs.map(({ name }) => name).join(', ')}.`,
    );
  }
  const array = naming(file, () => decodeOne(file, bytes, { labelColumn }));
  return new Map([[input.name, array]]);
}

function decodeOne(
  file: string,
  bytes: Uint8Array,
  { labelColumn }: Pick<Wanted, 'labelColumn'>,
): Tensor {
  switch (path.extname(file)) {
    case '.npy':
      return decodeNpy(bytes);
    case '.csv':
      return decodeCsv(bytes, labelColumn === undefined ? {} : { labelColumn }).inputs;
    default:
      return decodeIdx(bytes);
  }
}

/** The array of an input, by name or as `x`, in the input's shape and type. */
function arrayFor(input: SessionValue, arrays: ReadonlyMap<string, Tensor>, file: string): Tensor {
  const array = arrays.get(input.name) ?? (arrays.size <= 2 ? arrays.get('x') : undefined);
  if (!array)
    throw new FleetError(
      'invalid-argument',
      `${file} has no array for the input "${input.name}"; it has ${[...arrays.keys()].join(', ')}.`,
    );
  const wanted = input.dims.slice(1);
  const perSample = array.data.length / (array.dims[0] ?? 1);
  const known = wanted.every((size) => size !== undefined);
  const dims = known ? (wanted as readonly number[]) : array.dims.slice(1);
  if (known && dims.reduce((product, size) => product * size, 1) !== perSample) {
    throw new FleetError(
      'invalid-argument',
      `"${input.name}" takes [${dims.join(', ')}] per sample, ${file} has [${array.dims.slice(1).join(', ')}].`,
    );
  }
  return converted({ ...array, dims: [array.dims[0] ?? 0, ...dims] }, input);
}

function converted(array: Tensor, input: SessionValue): Tensor {
  if (array.dtype === input.dtype) return array;
  if (
    input.dtype === 'float32' &&
    !(array.data instanceof BigInt64Array) &&
    !(array.data instanceof BigUint64Array)
  ) {
    return { dtype: 'float32', dims: array.dims, data: Float32Array.from(array.data) };
  }
  throw new FleetError(
    'invalid-argument',
    `"${input.name}" takes ${input.dtype}, the data are ${array.dtype}.`,
  );
}

function slice(array: Tensor, start: number, count: number): Tensor {
  const size = array.data.length / (array.dims[0] ?? 1);
  return {
    ...array,
    dims: [count, ...array.dims.slice(1)],
    data: array.data.subarray(start * size, (start + count) * size) as never,
  };
}
