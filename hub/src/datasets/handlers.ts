import type { Handlers } from '../api/handler.ts';
import type { Datasets } from './datasets.ts';

/** The routes of the data sets. */
export function datasetHandlers(
  datasets: Datasets,
): Handlers<'listDatasets' | 'importSamples' | 'createSnapshot' | 'listSnapshots'> {
  return {
    listDatasets: async () => [...(await datasets.list())],
    importSamples: ({ params, query, body }) =>
      datasets.importSamples(params.dataset, query.part, {
        npz: body,
        ...(query.classes !== undefined && { classes: query.classes.split(',') }),
      }),
    createSnapshot: ({ params }) => datasets.snapshot(params.dataset),
    listSnapshots: async ({ params }) => [...(await datasets.snapshots(params.dataset))],
  };
}
