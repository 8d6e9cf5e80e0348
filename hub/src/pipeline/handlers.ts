import type { Handlers } from '../api/handler.ts';
import type { Pipeline } from './pipeline.ts';

/** The routes of runs. */
export function pipelineHandlers(
  pipeline: Pipeline,
): Handlers<'startRun' | 'listRuns' | 'getRun' | 'cancelRun' | 'reproduceRun'> {
  return {
    startRun: ({ body }) => pipeline.start(body),
    listRuns: async ({ query }) => [...(await pipeline.list({ limit: query.limit ?? 100 }))],
    getRun: ({ params }) => pipeline.get(params.run),
    cancelRun: ({ params }) => pipeline.cancel(params.run),
    reproduceRun: ({ params }) => pipeline.reproduce(params.run),
  };
}
