export { pipelineHandlers } from './handlers.ts';
export { createPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts';
export type { Worker } from './worker.ts';
