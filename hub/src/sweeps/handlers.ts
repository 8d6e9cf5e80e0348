import type { Handlers } from '../api/handler.ts';
import type { Sweeps } from './sweeps.ts';

/** The routes of sweeps. */
export function sweepHandlers(
  sweeps: Sweeps,
): Handlers<'startSweep' | 'listSweeps' | 'getSweep' | 'sweepCurves' | 'cancelSweep'> {
  return {
    startSweep: ({ body }) => sweeps.start(body),
    listSweeps: async ({ query }) => [...(await sweeps.list({ limit: query.limit ?? 100 }))],
    getSweep: ({ params }) => sweeps.get(params.sweep),
    sweepCurves: async ({ params }) => [...(await sweeps.curves(params.sweep))],
    cancelSweep: ({ params }) => sweeps.cancel(params.sweep),
  };
}
