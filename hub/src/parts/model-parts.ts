import { createVerifier, sha256 } from '@edgewise/models/crypto';
import type { RouteName } from '@edgewise/protocol/http';
import type { Handlers } from '../api/handler.ts';
import type { Clock } from '../clock.ts';
import { createSqliteDatasetRecords } from '../datasets/adapters/sqlite-dataset-records.ts';
import { createDatasets } from '../datasets/datasets.ts';
import { datasetHandlers } from '../datasets/handlers.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/identity.ts';
import { createSqliteFieldSampleRecords } from '../labels/adapters/sqlite-field-sample-records.ts';
import { labelHandlers } from '../labels/handlers.ts';
import { createLabels } from '../labels/labels.ts';
import type { Live } from '../live.ts';
import { createSqliteParityRecords } from '../parity/adapters/sqlite-parity-records.ts';
import { parityHandlers } from '../parity/handlers.ts';
import { createParity } from '../parity/parity.ts';
import { createForkedWorker } from '../pipeline/adapters/forked-worker.ts';
import { createSqliteRunRecords } from '../pipeline/adapters/sqlite-run-records.ts';
import { pipelineHandlers } from '../pipeline/handlers.ts';
import { createPipeline } from '../pipeline/pipeline.ts';
import { createSqliteRegistryRecords } from '../registry/adapters/sqlite-registry-records.ts';
import { storedRecipe } from '../registry/base-models.ts';
import { registryHandlers } from '../registry/handlers.ts';
import { createLineage } from '../registry/lineage.ts';
import { createRegistry } from '../registry/registry.ts';
import { createSqliteRolloutRecords } from '../rollout/adapters/sqlite-rollout-records.ts';
import { rolloutHandlers } from '../rollout/handlers.ts';
import { createRollouts } from '../rollout/rollouts.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/database.ts';
import { createSqliteSweepRecords } from '../sweeps/adapters/sqlite-sweep-records.ts';
import { sweepHandlers } from '../sweeps/handlers.ts';
import { createSweeps } from '../sweeps/sweeps.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** What the parts around models stand on. */
export interface ModelPartOptions {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly blobFolder: string;
  readonly identity: Identity;
  readonly fleet: Fleet;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  readonly keep: AsyncDisposableStack;
}

/** Data sets, registry, labels, pipeline and rollouts, joined. */
export function createModelParts(options: ModelPartOptions) {
  const { db, blobs, blobFolder, identity, fleet, telemetry, clock, live, onError, keep } = options;
  const field = createSqliteFieldSampleRecords(db);
  // The two know each other: a data set grows by what its models' devices send.
  const datasets = createDatasets({
    records: createSqliteDatasetRecords(db),
    blobs,
    field,
    modelsOf: (dataset) => registry.modelsOf(dataset),
    clock,
  });
  const registry = createRegistry({
    records: createSqliteRegistryRecords(db),
    blobs,
    dataset: (dataset) => datasets.get(dataset),
    devices: () => fleet.list(),
    clock,
    live,
    onError,
  });
  const inputOf = async (model: string) => {
    const { recipe } = await registry.model(model);
    const { input } = await storedRecipe(recipe, blobs);
    return { dims: input.shape, dtype: input.dtype };
  };
  const labels = keep.use(
    createLabels({
      records: field,
      blobs,
      telemetry,
      model: (model) => registry.model(model),
      inputOf,
      clock,
      live,
      onError,
    }),
  );
  const pipeline = keep.use(
    createPipeline({
      records: createSqliteRunRecords(db),
      blobs,
      blobFolder,
      registry,
      datasets,
      worker: createForkedWorker(),
      signer: identity.bundleSigner,
      deviceClasses: async () =>
        (await fleet.list())
          .filter(({ revoked }) => !revoked)
          .map(({ deviceClass }) => deviceClass),
      clock,
      live,
      onError,
    }),
  );
  const sweeps = keep.use(
    createSweeps({
      ...{ records: createSqliteSweepRecords(db), blobs, blobFolder, registry, datasets },
      ...{ pipeline, worker: createForkedWorker(), clock, live, onError },
    }),
  );
  const rollouts = keep.use(
    createRollouts({
      records: createSqliteRolloutRecords(db),
      fleet,
      version: (model, version) => registry.version(model, version),
      policies: async (model) => (await registry.model(model)).policies,
      clock,
      live,
      onError,
    }),
  );
  const parity = keep.use(
    createParity({ records: createSqliteParityRecords(db), fleet, registry, blobs, onError }),
  );
  const why = createLineage({
    device: (device) => fleet.get(device),
    blobs,
    verifiers: identity.bundleKeys.map((key) => createVerifier(key)),
    sha256,
    version: (model, version) => registry.version(model, version).catch(() => undefined),
  });
  const handlers = {
    ...datasetHandlers(datasets),
    ...registryHandlers({ registry, blobs, clock, why }),
    ...labelHandlers(labels),
    ...pipelineHandlers(pipeline),
    ...sweepHandlers(sweeps),
    ...rolloutHandlers(rollouts),
    ...parityHandlers(parity),
  } satisfies Partial<Handlers<RouteName>>;
  return { datasets, registry, labels, pipeline, rollouts, handlers };
}
