import { sliceVectors } from '@edgewise/models/bundle';
import type { Feeds, SessionValue } from '@edgewise/models/runtime';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { ModelData } from './fit-to-inputs.ts';

/** Samples of one run where the model takes any number. */
const freeBatch = 16;

/** The number of samples that inputs fix; 0 where any number will do. */
const fixedBatchOf = (inputs: readonly SessionValue[]): number =>
  Math.max(0, ...inputs.map(({ dims }) => dims[0] ?? 0));

/** The number of samples that inputs fix, or a number that is free to choose. */
export const batchSizeOf = (inputs: readonly SessionValue[]): number =>
  fixedBatchOf(inputs) || freeBatch;

/**
 * Data without the samples that would not fill a fixed batch. Throws `insufficient-data` when there
 * is not one whole batch.
 */
export function wholeBatches(data: ModelData, inputs: readonly SessionValue[]): ModelData {
  if (data.isEach === true) return data;
  const batch = fixedBatchOf(inputs) || 1;
  const count = data.count - (data.count % batch);
  if (count === 0) throw tooFew(data.count, batch);
  const samples = sliceVectors(data.samples, 0, count);
  return { count, samples, ...(data.labels && { labels: data.labels.subarray(0, count) }) };
}

/**
 * Samples in the batches that a model takes: its own number, or up to `most`, by default 16. Samples
 * that do not fill a fixed batch are left out. Throws `insufficient-data` when there is not one whole
 * batch.
 */
export function batchesOf(
  data: ModelData,
  inputs: readonly SessionValue[],
  { most = freeBatch }: { readonly most?: number } = {},
): readonly Feeds[] {
  if (data.isEach === true) return runsOf(data);
  const { samples, count } = wholeBatches(data, inputs);
  const batch = fixedBatchOf(inputs) || most;
  const feeds: Feeds[] = [];
  for (let start = 0; start < count; start += batch) {
    feeds.push(sliceVectors(samples, start, Math.min(batch, count - start)));
  }
  return feeds;
}

/** What is fed one after the other where inputs have no axis of samples; else all samples. */
export const comparedOf = (data: ModelData): Feeds | readonly Feeds[] =>
  data.isEach === true ? runsOf(data) : data.samples;

function runsOf({ samples, count }: ModelData): readonly Feeds[] {
  return Array.from({ length: count }, (_, at) =>
    Object.fromEntries(
      Object.entries(sliceVectors(samples, at, 1)).map(([name, value]) => {
        return [name, { ...value, dims: value.dims.slice(1) } as Tensor] as const;
      }),
    ),
  );
}

function tooFew(count: number, batch: number): FleetError {
  const reason = `There are ${count} samples; the model takes ${batch} at a time.`;
  return new FleetError('insufficient-data', reason);
}
