import type { LiveEvent } from '@edgewise/protocol/http';
import type { QueryClient } from '@tanstack/react-query';

/** At most one request for the headline figures in this span. */
const pauseMs = 1_000;

/** What says nothing about headline figures, and comes often. */
const quiet: ReadonlySet<LiveEvent['kind']> = new Set([
  'metric',
  'prediction',
  'trial',
  'trial-metric',
]);

/** Asks for the hub's headline figures again soon after an event that can change them. */
export function createStatusRefresh(cache: QueryClient): (event: LiveEvent) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (event) => {
    if (quiet.has(event.kind) || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void cache.invalidateQueries({ queryKey: ['status'] });
    }, pauseMs);
  };
}
