import type { Handlers } from '../api/handler.ts';
import type { Rollouts } from './rollouts.ts';

/** The routes of rollouts. */
export function rolloutHandlers(
  rollouts: Rollouts,
): Handlers<'startRollout' | 'rollBack' | 'listRollouts' | 'getRollout' | 'abortRollout'> {
  return {
    startRollout: ({ body }) => rollouts.start(body),
    rollBack: ({ body }) => rollouts.rollBack(body),
    listRollouts: async ({ query }) => [...(await rollouts.list({ limit: query.limit ?? 100 }))],
    getRollout: ({ params }) => rollouts.get(params.rollout),
    abortRollout: ({ params }) => rollouts.abort(params.rollout),
  };
}
