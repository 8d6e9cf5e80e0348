import type { DType } from '@edgewise/models/tensor';
import { FleetError, limits } from '@edgewise/protocol';
import type { Dataset, DatasetPart, Snapshot } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { DatasetFacts, DatasetRecords } from './dataset-records.ts';
import type { FieldSource } from './field-source.ts';
import { decodeSamples, type Samples } from './samples.ts';
import { composeSnapshot, countSamples, encodeSnapshot, type SnapshotSample } from './snapshot.ts';
import { spreadSamples } from './spread-samples.ts';

/** Samples in content-addressed shards, and immutable states of them. */
export interface Datasets {
  /** Newest first. */
  list(): Promise<readonly Dataset[]>;
  /** Rejects with `not-found`. */
  get(dataset: string): Promise<Dataset>;
  /** Adds an .npz with x and y; the same bytes twice count once. Rejects with `invalid-argument`. */
  importSamples(dataset: string, part: DatasetPart, content: SampleContent): Promise<Dataset>;
  /**
   * Samples of one part, at most `limit` of them evenly spread. Rejects with `insufficient-data`
   * for a part without samples.
   */
  exportSamples(dataset: string, part: DatasetPart, limit?: number): Promise<Samples>;
  /** Freezes the present state; equal states have equal digests. */
  snapshot(dataset: string): Promise<Snapshot>;
  /** Newest first. */
  snapshots(dataset: string): Promise<readonly Snapshot[]>;
}

/** What is imported. */
export interface SampleContent {
  readonly npz: Uint8Array;
  /** Names in the order of the class numbers; by default the numbers themselves. */
  readonly classes?: readonly string[];
}

interface DatasetOptions {
  readonly records: DatasetRecords;
  readonly blobs: BlobStore;
  readonly field: FieldSource;
  /** Models that draw on a data set. */
  readonly modelsOf: (dataset: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

/** The data sets of one hub. */
export function createDatasets(options: DatasetOptions): Datasets {
  const { records, blobs, clock } = options;

  async function fieldOf(dataset: string): Promise<readonly SnapshotSample[]> {
    return options.field.labelled(await options.modelsOf(dataset));
  }

  async function describe(facts: DatasetFacts): Promise<Dataset> {
    const [shards, models] = await Promise.all([
      records.shards(facts.id),
      options.modelsOf(facts.id),
    ]);
    const counts = countSamples(shards, await options.field.countLabelled(models));
    return { ...facts, counts };
  }

  async function factsOf(dataset: string): Promise<DatasetFacts> {
    const facts = await records.find(dataset);
    if (facts !== undefined) return facts;
    throw new FleetError('not-found', `There is no data set "${dataset}".`);
  }

  return {
    list: async () => Promise.all((await records.list()).map(describe)),
    get: async (dataset) => describe(await factsOf(dataset)),
    async importSamples(dataset, part, { npz, classes }) {
      const samples = decodeSamples(npz);
      const known = await records.find(dataset);
      const facts = known ?? newFacts(dataset, samples, { classes, nowMs: clock.now() });
      assertBelongs(facts, samples, classes);
      const digest = await blobs.put(npz);
      await records.addShard(facts, { part, digest, samples: samples.labels.length });
      return describe(facts);
    },
    async exportSamples(dataset, part, limit = Infinity) {
      const facts = await factsOf(dataset);
      const shards = (await records.shards(dataset)).filter((shard) => shard.part === part);
      if (shards.length === 0) {
        throw new FleetError(
          'insufficient-data',
          `Data set "${dataset}" has no samples in its part ${part}.`,
        );
      }
      return spreadSamples(blobs, shards, { limit, dims: facts.dims, dtype: facts.dtype as DType });
    },
    async snapshot(dataset) {
      const facts = await factsOf(dataset);
      const [shards, field] = await Promise.all([records.shards(dataset), fieldOf(dataset)]);
      const document = composeSnapshot(facts, shards, field);
      const digest = await blobs.put(encodeSnapshot(document));
      const counts = countSamples(shards, field.length);
      const known = await records.findSnapshot(digest);
      if (known !== undefined) return known;
      const snapshot = { digest, dataset, counts, createdAtMs: clock.now() };
      await records.addSnapshot(snapshot);
      return snapshot;
    },
    async snapshots(dataset) {
      await factsOf(dataset);
      return records.snapshots(dataset);
    },
  };
}

function newFacts(
  id: string,
  { inputs, labels }: Samples,
  options: { readonly classes: readonly string[] | undefined; readonly nowMs: number },
): DatasetFacts {
  const most = labels.reduce((highest, label) => Math.max(highest, label), 0);
  const names = Array.from({ length: Math.max(2, most + 1) }, (_, index) => String(index));
  return {
    id,
    dims: inputs.dims.slice(1),
    dtype: inputs.dtype,
    classes: [...(options.classes ?? names)],
    createdAtMs: options.nowMs,
  };
}

function assertBelongs(
  facts: DatasetFacts,
  { inputs, labels }: Samples,
  classes: readonly string[] | undefined,
): void {
  const dims = inputs.dims.slice(1);
  if (dims.join() !== facts.dims.join() || inputs.dtype !== facts.dtype) {
    throw misuse(
      `Data set "${facts.id}" holds ${facts.dtype} inputs of [${facts.dims.join(', ')}], these are ${inputs.dtype} of [${dims.join(', ')}].`,
    );
  }
  if (classes !== undefined && classes.join('\n') !== facts.classes.join('\n')) {
    throw misuse(`Data set "${facts.id}" has the classes ${facts.classes.join(', ')}.`);
  }
  if (facts.classes.length > limits.classes) {
    throw misuse(`A data set has at most ${limits.classes} classes.`);
  }
  const wrong = labels.findIndex((label) => label >= facts.classes.length);
  if (wrong >= 0) {
    throw misuse(
      `y[${wrong}] is ${labels[wrong]}, but data set "${facts.id}" has the classes 0 to ${facts.classes.length - 1}.`,
    );
  }
}

function misuse(reason: string): FleetError {
  return new FleetError('invalid-argument', reason);
}
