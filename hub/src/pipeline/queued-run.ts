import type { Run } from '@edgewise/protocol/http';

/** A run that nothing has been done for yet. */
export function queuedRun(
  facts: Pick<Run, 'id' | 'model' | 'kind' | 'snapshot' | 'recipe' | 'seed' | 'createdAtMs'>,
): Run {
  return {
    ...facts,
    ...{ status: 'queued', step: null, progress: 0, metrics: [], imagesPerSecond: null },
    ...{ finishedAtMs: null, version: null, error: null },
  };
}
