import type { LiveEvent } from '@edgewise/protocol/http';

/** Where domains say what has changed; the event stream passes it on. */
export interface Live {
  emit(event: LiveEvent): void;
}
