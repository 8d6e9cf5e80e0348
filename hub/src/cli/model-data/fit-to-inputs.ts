import { pickVectors } from '@edgewise/models/bundle';
import type { Feeds, SessionValue } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { FoundArrays } from './found-arrays.ts';

/** Samples in the shape and type of a model's inputs. */
export interface ModelData {
  /** First axis = samples, as many for each input. */
  readonly samples: Feeds;
  readonly count: number;
  /** The inputs have no axis of samples: each sample is a run of its own. */
  readonly isEach?: boolean;
  /** Class numbers, where the data have them. */
  readonly labels?: Int32Array;
}

/**
 * Arrays under the names, shapes and types of a model's inputs, cut to `limit` evenly spread
 * samples. Throws `invalid-argument` that names the input and both shapes.
 */
export function fitToInputs(
  { arrays, labels, fitted }: FoundArrays,
  { inputs, limit }: { readonly inputs: readonly SessionValue[]; readonly limit: number },
): ModelData {
  if (inputs.length === 0) throw misuse('The model takes no input: there is nothing to feed it.');
  const found = inputs.map((input) => arrayFor(input, arrays));
  const isEach = fitted !== true && isOneForEach(inputs, found);
  const chosen = inputs.map((input, at) => {
    const array = found[at] as Tensor;
    if (fitted === true) return array;
    return isEach ? converted(array, input) : shaped(array, input);
  });
  const counts = new Set(chosen.map(({ dims }) => dims[0] ?? 0));
  const [available = 0] = counts;
  if (counts.size > 1) {
    const list = chosen.map(({ dims }, at) => `${inputs[at]?.name}: ${dims[0]}`).join(', ');
    throw misuse(`The arrays hold different numbers of samples (${list}).`);
  }
  if (labels !== undefined && labels.length !== available) {
    throw misuse(`There are ${available} samples but ${labels.length} labels.`);
  }
  if (labels !== undefined) assertWhole(labels);
  const count = Math.min(available, limit);
  if (count === 0) throw new FleetError('insufficient-data', 'There are no samples in it.');
  for (const [at, array] of chosen.entries()) assertFinite(inputs[at]?.name ?? '', array);
  const places = Array.from({ length: count }, (_, at) => Math.floor((at * available) / count));
  return {
    ...{ count, isEach },
    samples: pickVectors(
      Object.fromEntries(chosen.map((array, at) => [inputs[at]?.name ?? '', array])),
      places,
    ),
    ...(labels && { labels: Int32Array.from(places, (place) => Number(labels[place])) }),
  };
}

function assertWhole(labels: ArrayLike<number | bigint>): void {
  const at = Array.from(labels).findIndex((label) => !Number.isSafeInteger(Number(label)));
  if (at >= 0) throw misuse(`Label ${labels[at]} of sample ${at + 1} is no whole number.`);
}

/** A number that no range can hold would spoil whatever is made of the data. */
function assertFinite(name: string, { dtype, dims, data }: Tensor): void {
  if (dtype !== 'float32' && dtype !== 'float64') return;
  const numbers = data as Float32Array;
  const at = numbers.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const size = numbers.length / (dims[0] ?? 1);
  const where = `sample ${Math.floor(at / size) + 1}, at position ${at % size}`;
  throw misuse(`"${name}" holds ${numbers[at]} in ${where}. Mend that sample or leave it out.`);
}

/** The array of an input: by name, or as x when the file has no other. */
function arrayFor(input: SessionValue, arrays: ReadonlyMap<string, Tensor>): Tensor {
  const others = [...arrays.keys()].filter((name) => name !== 'y');
  const array = arrays.get(input.name) ?? (others.length === 1 ? arrays.get('x') : undefined);
  if (array !== undefined) return array;
  throw misuse(`There is no array for the input "${input.name}", only ${others.join(', ')}.`);
}

/**
 * Whether each array has one axis more than its input, for an input that does not begin with samples: a
 * single number, or the state of a recurrent network.
 */
function isOneForEach(inputs: readonly SessionValue[], arrays: readonly Tensor[]): boolean {
  const pairs = inputs.map(({ dims }, at) => [dims, arrays[at]?.dims.slice(1) ?? []] as const);
  const fits = pairs.every(([dims, given]) => isSameShape(dims, given));
  const begins = inputs.every(({ dims }, at) => isSameShape(dims.slice(1), pairs[at]?.[1] ?? []));
  return fits && !begins;
}

const isSameShape = (wanted: SessionValue['dims'], given: readonly number[]): boolean =>
  wanted.length === given.length &&
  wanted.every((size, axis) => size === undefined || size === given[axis]);

function shaped(array: Tensor, input: SessionValue): Tensor {
  const wanted = input.dims.slice(1);
  const given = array.dims.slice(1);
  const perSample = given.reduce((product, size) => product * size, 1);
  const known = wanted.every((size): size is number => size !== undefined);
  if (known && wanted.reduce((product, size) => product * size, 1) !== perSample) {
    throw misfit(input, array);
  }
  if (known && !isSameOrder(wanted, given)) {
    throw misfit(input, array, ' Bring their axes into that order.');
  }
  if (!known && !isSameShape(wanted, given)) throw misfit(input, array);
  return converted({ ...array, dims: [array.dims[0] ?? 0, ...(known ? wanted : given)] }, input);
}

/** Whether numbers mean the same in both shapes: axes of one may come and go, and one of them may be flat. */
function isSameOrder(wanted: readonly number[], given: readonly number[]): boolean {
  const [one, other] = [wanted, given].map((sizes) => sizes.filter((size) => size !== 1));
  const isFlat = (one?.length ?? 0) < 2 || (other?.length ?? 0) < 2;
  return isFlat || String(one) === String(other);
}

function misfit(input: SessionValue, array: Tensor, advice = ''): FleetError {
  const wanted = input.dims.slice(1).map((size) => size ?? '?');
  return misuse(
    `"${input.name}" takes [${wanted.join(', ')}] per sample, the data have [${array.dims.slice(1).join(', ')}].${advice}`,
  );
}

function converted(array: Tensor, input: SessionValue): Tensor {
  if (array.dtype === input.dtype) return array;
  const wide = array.data instanceof BigInt64Array || array.data instanceof BigUint64Array;
  if (input.dtype === 'float32' && !wide) {
    const data = Float32Array.from(array.data as Float32Array);
    return { dtype: 'float32', dims: array.dims, data };
  }
  if (input.dtype === 'int64') {
    const numbers = array.data as Float32Array;
    if (!numbers.every(Number.isSafeInteger)) {
      throw misuse(
        `"${input.name}" takes whole numbers, the data are ${array.dtype} with fractions.`,
      );
    }
    const data = BigInt64Array.from(numbers, (value) => BigInt(value));
    return { dtype: 'int64', dims: array.dims, data };
  }
  throw misuse(`"${input.name}" takes ${input.dtype}, the data are ${array.dtype}.`);
}

const misuse = (reason: string): FleetError => new FleetError('invalid-argument', reason);
