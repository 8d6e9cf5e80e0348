import type { ModelInfo, ModelVersion } from '@edgewise/protocol/http';

/** A model as it is written down. */
export type ModelRecord = Omit<ModelInfo, 'classes' | 'latestVersion'>;
/** A version as it is written down; who serves it is asked of the fleet. */
export type VersionRecord = Omit<ModelVersion, 'servedBy'>;

/** Something a person brought in past the pipeline. */
export interface AuditEntry {
  readonly id: string;
  readonly atMs: number;
  readonly caller: string;
  readonly action: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** Where models and versions are written down. Owned by `createRegistry`. Promise: what resolved is durable. */
export interface RegistryRecords {
  /** Newest first. */
  models(): Promise<readonly ModelRecord[]>;
  findModel(model: string): Promise<ModelRecord | undefined>;
  putModel(model: ModelRecord): Promise<void>;
  /** The number of a run's version: always the same for a run, one more than any before for a new one. */
  reserveVersion(model: string, run: string): Promise<number>;
  /** Newest first. */
  versions(model: string): Promise<readonly VersionRecord[]>;
  findVersion(model: string, version: number): Promise<VersionRecord | undefined>;
  /** Adds or replaces a version, with an audit entry where a person did it. */
  putVersion(version: VersionRecord, audit?: AuditEntry): Promise<void>;
  /** Newest first. */
  audit(): Promise<readonly AuditEntry[]>;
}
