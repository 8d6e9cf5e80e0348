import type { LiveEvent } from '@edgewise/protocol/http';
import type { QueryClient } from '@tanstack/react-query';

/** At most one request for the headline figures in this span. */
const pauseMs = 1_000;

/** Asks for the hub's headline figures again soon after an event that can change them. */
export function createStatusRefresh(cache: QueryClient): (event: LiveEvent) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (event) => {
    if (event.kind === 'metric' || event.kind === 'prediction' || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void cache.invalidateQueries({ queryKey: ['status'] });
    }, pauseMs);
  };
}
