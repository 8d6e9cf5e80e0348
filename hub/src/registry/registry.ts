import { classesIn, isTuneRecipe, type ModelRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { Dataset, ModelInfo, ModelPolicies, ModelVersion } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../fleet/fleet.ts';
import type { Live } from '../live.ts';
import { createSignal, type Signal } from '../signal.ts';
import type { BlobStore } from '../store/blobs.ts';
import { completeRecipe } from './base-models.ts';
import { defaultPolicies } from './policies.ts';
import type {
  AuditEntry,
  ModelRecord,
  RegistryRecords,
  VersionRecord,
} from './registry-records.ts';

/** What is to be registered. */
export interface ModelChange {
  readonly dataset: string;
  /** A recipe as parsed JSON, of its own layers or for an imported model. */
  readonly recipe: unknown;
  /** What is left out stays as it is, or becomes the default. */
  readonly policies?: Partial<ModelPolicies>;
}

/** Models, their versions and policies. */
export interface Registry {
  /** Newest first. */
  models(): Promise<readonly ModelInfo[]>;
  /** Rejects with `not-found`. */
  model(model: string): Promise<ModelInfo>;
  /** Models that draw on a data set. */
  modelsOf(dataset: string): Promise<readonly string[]>;
  /** Rejects with `invalid-argument` for a faulty recipe and `not-found` for a missing data set or imported model. */
  putModel(model: string, change: ModelChange): Promise<ModelInfo>;
  /**
   * Checks a parsed JSON document as a recipe of either kind for a data set. Rejects as `putModel` does.
   */
  recipeFor(dataset: string, document: unknown): Promise<ModelRecipe>;
  /** Newest first. */
  versions(model: string): Promise<readonly ModelVersion[]>;
  /** Rejects with `not-found`. */
  version(model: string, version: number): Promise<ModelVersion>;
  /** The number that the version of a run has or will have. */
  reserveVersion(model: string, run: string): Promise<number>;
  /** Adds a finished version; the same once more changes nothing. */
  addVersion(version: VersionRecord, audit?: AuditEntry): Promise<ModelVersion>;
  readonly versionAdded: Signal<ModelVersion>;
  /** A model was registered, or its recipe, data set or policies changed. */
  readonly modelChanged: Signal<ModelInfo>;
}

interface RegistryOptions {
  readonly records: RegistryRecords;
  readonly blobs: BlobStore;
  /** Rejects with `not-found`. */
  readonly dataset: (dataset: string) => Promise<Dataset>;
  readonly devices: () => Promise<readonly DeviceRecord[]>;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
}

/** The registry of one hub. */
export function createRegistry(options: RegistryOptions): Registry {
  const { records, blobs, clock, live } = options;
  const versionAdded = createSignal<ModelVersion>(options.onError);
  const modelChanged = createSignal<ModelInfo>(options.onError);

  async function infoOf(record: ModelRecord): Promise<ModelInfo> {
    const [dataset, versions] = await Promise.all([
      options.dataset(record.dataset),
      records.versions(record.id),
    ]);
    return { ...record, classes: dataset.classes, latestVersion: versions[0]?.version ?? null };
  }

  async function served(versions: readonly VersionRecord[]): Promise<readonly ModelVersion[]> {
    const devices = await options.devices();
    return versions.map((version) => ({ ...version, servedBy: servedBy(version, devices) }));
  }

  async function recipeFor(dataset: string, document: unknown): Promise<ModelRecipe> {
    const recipe = await completeRecipe(document, blobs);
    assertFits(recipe, await options.dataset(dataset));
    return recipe;
  }

  return {
    recipeFor,
    models: async () => Promise.all((await records.models()).map(infoOf)),
    async model(model) {
      const record = await records.findModel(model);
      if (record === undefined) throw new FleetError('not-found', `There is no model "${model}".`);
      return infoOf(record);
    },
    async modelsOf(dataset) {
      const models = await records.models();
      return models.filter((model) => model.dataset === dataset).map(({ id }) => id);
    },
    async putModel(model, change) {
      const recipe = await recipeFor(change.dataset, change.recipe);
      const known = await records.findModel(model);
      const record = {
        id: model,
        dataset: change.dataset,
        recipe: await blobs.put(new TextEncoder().encode(JSON.stringify(recipe))),
        policies: { ...(known?.policies ?? defaultPolicies), ...change.policies },
        createdAtMs: known?.createdAtMs ?? clock.now(),
      };
      await records.putModel(record);
      const info = await infoOf(record);
      modelChanged.emit(info);
      return info;
    },
    versions: async (model) => served(await records.versions(model)),
    async version(model, version) {
      const record = await records.findVersion(model, version);
      if (record === undefined) {
        throw new FleetError('not-found', `Model "${model}" has no version ${version}.`);
      }
      const [found] = await served([record]);
      return found as ModelVersion;
    },
    reserveVersion: (model, run) => records.reserveVersion(model, run),
    async addVersion(version, audit) {
      await records.putVersion(version, audit);
      const [added] = await served([version]);
      live.emit({ kind: 'version', version: added as ModelVersion });
      versionAdded.emit(added as ModelVersion);
      return added as ModelVersion;
    },
    versionAdded,
    modelChanged,
  };
}

function servedBy(version: VersionRecord, devices: readonly DeviceRecord[]): string[] {
  const manifests = new Set(version.variants.map(({ bundle }) => bundle.manifest));
  return devices
    .filter(({ state }) => {
      const active = state?.slots.active;
      return active?.status === 'serving' && manifests.has(active.bundle.manifest);
    })
    .map(({ id }) => id);
}

function assertFits(recipe: ModelRecipe, dataset: Dataset): void {
  const { input } = recipe;
  const size = (dims: readonly number[]) => dims.reduce((product, one) => product * one, 1);
  if (input.dtype !== dataset.dtype || size(input.shape) !== size(dataset.dims)) {
    throw new FleetError(
      'invalid-argument',
      `The recipe takes ${input.dtype} inputs of [${input.shape.join(', ')}], but data set "${dataset.id}" holds ${dataset.dtype} of [${dataset.dims.join(', ')}].`,
    );
  }
  const classes = classesIn(recipe);
  if (classes !== dataset.classes.length) {
    throw new FleetError(
      'invalid-argument',
      `The recipe tells ${classes} classes apart, but data set "${dataset.id}" has ${dataset.classes.length}; change the ${isTuneRecipe(recipe) ? '"classes" of its "base"' : 'units of its last layer'}.`,
    );
  }
}
