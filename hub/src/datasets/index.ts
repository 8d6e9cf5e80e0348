export { createDatasets, type DatasetOptions, type Datasets } from './datasets.ts';
export type { FieldSource } from './field-source.ts';
export { datasetHandlers } from './handlers.ts';
