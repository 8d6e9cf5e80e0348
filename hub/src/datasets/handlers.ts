import type { Handlers } from '../api/handler.ts';
import type { Datasets } from './datasets.ts';
import { encodeSamples } from './samples.ts';

/** The routes of the data sets. */
export function datasetHandlers(
  datasets: Datasets,
): Handlers<
  'listDatasets' | 'importSamples' | 'exportSamples' | 'createSnapshot' | 'listSnapshots'
> {
  return {
    listDatasets: async () => [...(await datasets.list())],
    importSamples: ({ params, query, body }) =>
      datasets.importSamples(params.dataset, query.part, {
        npz: body,
        ...(query.classes !== undefined && { classes: query.classes.split(',') }),
      }),
    exportSamples: async ({ params, query }) =>
      encodeSamples(await datasets.exportSamples(params.dataset, query.part, query.limit)),
    createSnapshot: ({ params }) => datasets.snapshot(params.dataset),
    listSnapshots: async ({ params }) => [...(await datasets.snapshots(params.dataset))],
  };
}
