import type { AgentLink } from '@edgewise/agent/parts';
import type { PublishCount } from './messages.ts';

/** A link that hears every lane of the blobs its device fetches, and counts what goes out there. */
export interface PublishCounter {
  readonly link: AgentLink;
  readonly counts: readonly PublishCount[];
}

/**
 * Widens the subscriptions of a device from its own lane to all lanes of the blob. They are kept
 * until the link closes, so that rounds for devices that come later are counted too.
 */
export function countPublishes(inner: AgentLink): PublishCounter {
  const publishes = new Map<string, number>();
  const heard = new Map<string, Promise<() => Promise<void>>>();

  function hearAll(fleet: string, digest: string): Promise<() => Promise<void>> {
    const known = heard.get(digest);
    if (known !== undefined) return known;
    const subscribed = inner.subscribe('blob', { fleet, digest }, (_, { lane }) => {
      const key = `${digest}/${lane}`;
      publishes.set(key, (publishes.get(key) ?? 0) + 1);
    });
    heard.set(digest, subscribed);
    return subscribed;
  }

  const link: AgentLink = {
    get isConnected() {
      return inner.isConnected;
    },
    get session() {
      return inner.session;
    },
    onConnect: (handler) => inner.onConnect(handler),
    publish: (channel, params, message, signal) => inner.publish(channel, params, message, signal),
    async subscribe(channel, params, handler) {
      const { fleet, digest } = params as { readonly fleet?: string; readonly digest?: string };
      if (channel === 'blob' && fleet !== undefined && digest !== undefined) {
        await hearAll(fleet, digest);
      }
      return await inner.subscribe(channel, params, handler);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };

  return {
    link,
    get counts() {
      return [...publishes].map(([key, count]) => {
        const [digest = '', lane = ''] = key.split('/');
        return { digest, lane, publishes: count };
      });
    },
  };
}
