import type { Handlers } from '../api/handler.ts';
import type { Parity } from './parity.ts';

/** Versions that come without a limit. */
const pageSize = 20;

/** The route of the parity matrix. */
export function parityHandlers(parity: Parity): Handlers<'parity'> {
  return {
    parity: async ({ params, query: { version, limit = pageSize } }) => {
      const options = { limit, ...(version !== undefined && { version }) };
      return [...(await parity.matrix(params.model, options))];
    },
  };
}
