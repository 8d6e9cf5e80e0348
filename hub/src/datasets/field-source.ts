import type { SnapshotSample } from './snapshot.ts';

/** Labelled samples from devices, as they join data sets. Owned by `createDatasets`; the label queue gives them. */
export interface FieldSource {
  /** Labelled samples of these models, in any order. */
  labelled(models: readonly string[]): Promise<readonly SnapshotSample[]>;
  /** How many there are. */
  countLabelled(models: readonly string[]): Promise<number>;
}
