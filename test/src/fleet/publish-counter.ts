import type { AgentLink } from '@edgewise/agent/parts';
import type { Message, Params } from '@edgewise/protocol';
import type { PublishCount } from './messages.ts';

type BlockHandler = (block: Message<'blob'>, params: Params<'blob'>) => void;
type BlockHandlers = Set<BlockHandler>;

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
  const heard = new Map<string, Promise<BlockHandlers>>();

  function hearAll(fleet: string, digest: string): Promise<BlockHandlers> {
    const known = heard.get(digest) ?? listen(fleet, digest);
    heard.set(digest, known);
    return known;
  }

  async function listen(fleet: string, digest: string): Promise<BlockHandlers> {
    const handlers: BlockHandlers = new Set();
    await inner.subscribe('blob', { fleet, digest }, (block, params) => {
      const key = `${digest}/${params.lane}`;
      publishes.set(key, (publishes.get(key) ?? 0) + 1);
      for (const handle of handlers) handle(block, params);
    });
    return handlers;
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
      if (channel !== 'blob' || fleet === undefined || digest === undefined)
        return await inner.subscribe(channel, params, handler);
      // One subscription serves both, since a broker may deliver once for each that matches.
      const handlers = await hearAll(fleet, digest);
      const own: BlockHandler = (block, found) => {
        if (found.lane === (params as Partial<Params<'blob'>>).lane)
          handler(block as never, found as never);
      };
      handlers.add(own);
      return () => Promise.resolve(void handlers.delete(own));
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
