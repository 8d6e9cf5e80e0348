import { FleetError } from '@edgewise/protocol';
import { createRandom, shuffled } from '../random/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LabelledData } from './batches.ts';
import { purposes } from './purposes.ts';

/** What is trained on, and what is only measured. */
export interface SplitData {
  readonly train: LabelledData;
  readonly validation: LabelledData;
}

/**
 * Holds out a share of every class (at least one sample of those that have two), drawn from the
 * seed; the same data and seed always give the same split. Both parts keep the order of the data.
 * Throws `insufficient-data` when no class has two samples.
 */
export function splitForValidation(
  data: LabelledData,
  options: { readonly share: number; readonly seed: number },
): SplitData {
  const { share, seed } = options;
  const count = data.labels.length;
  const isHeldOut = new Uint8Array(count);
  for (const places of placesByClass(
    data.labels,
    shuffled(count, createRandom(seed, purposes.split)),
  )) {
    const wanted = Math.max(1, Math.round(share * places.length));
    const most = places.length - 1;
    for (const place of places.slice(0, Math.min(wanted, most))) isHeldOut[place] = 1;
  }
  if (!isHeldOut.includes(1)) {
    const reason = `No class has two samples of the ${count}: nothing can be held out for validation.`;
    throw new FleetError('insufficient-data', reason);
  }
  const places = Array.from({ length: count }, (_, place) => place);
  return {
    train: rowsOf(
      data,
      places.filter((place) => isHeldOut[place] === 0),
    ),
    validation: rowsOf(
      data,
      places.filter((place) => isHeldOut[place] === 1),
    ),
  };
}

function placesByClass(labels: Int32Array, order: Uint32Array): readonly (readonly number[])[] {
  const classes = new Map<number, number[]>();
  for (const place of order) {
    const label = labels[place] ?? 0;
    const list = classes.get(label);
    if (list === undefined) classes.set(label, [place]);
    else list.push(place);
  }
  return [...classes.values()];
}

/** The samples at the given places, copied. */
function rowsOf({ inputs, labels }: LabelledData, places: readonly number[]): LabelledData {
  const size = inputs.data.length / Math.max(1, labels.length);
  const source = inputs.data as Float32Array;
  const data = new (source.constructor as Float32ArrayConstructor)(places.length * size);
  for (const [row, place] of places.entries()) {
    data.set(source.subarray(place * size, (place + 1) * size), row * size);
  }
  return {
    inputs: { ...inputs, dims: [places.length, ...inputs.dims.slice(1)], data } as Tensor,
    labels: Int32Array.from(places, (place) => labels[place] ?? 0),
  };
}
