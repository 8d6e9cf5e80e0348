import type { Dataset, DatasetPart, Snapshot } from '@edgewise/protocol/http';

/** What all samples of a data set have in common. */
export type DatasetFacts = Omit<Dataset, 'counts'>;

/** A batch of samples as it was imported: one .npz blob with x and y. */
export interface Shard {
  readonly part: DatasetPart;
  readonly digest: string;
  readonly samples: number;
}

/** Where data sets are written down. Owned by `createDatasets`. Promise: what resolved is durable. */
export interface DatasetRecords {
  /** Newest first. */
  list(): Promise<readonly DatasetFacts[]>;
  find(dataset: string): Promise<DatasetFacts | undefined>;
  /** Adds a shard, and the data set when it is new; a shard that is there already changes nothing. */
  addShard(dataset: DatasetFacts, shard: Shard): Promise<void>;
  shards(dataset: string): Promise<readonly Shard[]>;
  /** A snapshot that is there already changes nothing. */
  addSnapshot(snapshot: Snapshot): Promise<void>;
  findSnapshot(digest: string): Promise<Snapshot | undefined>;
  /** Newest first. */
  snapshots(dataset: string): Promise<readonly Snapshot[]>;
}
