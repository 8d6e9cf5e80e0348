import type { Link } from '@edgewise/protocol';

/** The hub's end of the wire; it loses and regains its connection by itself. */
export interface HubLink extends Link {
  readonly isUp: boolean;
  /** Called whenever the connection is there (anew), and at once when it is. Returns what ends the calls. */
  onUp(handler: () => void): () => void;
}
