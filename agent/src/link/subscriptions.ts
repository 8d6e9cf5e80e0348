import {
  type ChannelName,
  channelOf,
  decodeMessage,
  FleetError,
  filterOf,
  type Message,
  type Params,
} from '@edgewise/protocol';

interface Subscription {
  readonly channel: ChannelName;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly filter: string;
  readonly handle: (message: never, params: never) => void;
}

/** Told about messages that no handler will see. */
export type OnUnreadable = (topic: string, bytes: Uint8Array, error: FleetError) => void;

/** The handlers of one link. A message is decoded once, whoever wants it. */
export interface Subscriptions {
  /** Filters that somebody wants, each once. */
  readonly filters: readonly string[];
  add<C extends ChannelName>(
    channel: C,
    params: Partial<Params<C>>,
    handler: (message: Message<C>, params: Params<C>) => void,
  ): { readonly filter: string; readonly isFirst: boolean; remove(): { readonly isLast: boolean } };
  deliver(topic: string, bytes: Uint8Array): void;
}

/** Builds an empty table of handlers. */
export function createSubscriptions(onUnreadable: OnUnreadable): Subscriptions {
  const all = new Set<Subscription>();
  const isWanted = (filter: string) => [...all].some((one) => one.filter === filter);

  return {
    get filters() {
      return [...new Set([...all].map((one) => one.filter))];
    },
    add(channel, params, handler) {
      const filter = filterOf(channel, params);
      const isFirst = !isWanted(filter);
      const one: Subscription = { channel, params, filter, handle: handler };
      all.add(one);
      return {
        filter,
        isFirst,
        remove() {
          const isLast = all.delete(one) && !isWanted(filter);
          return { isLast };
        },
      };
    },
    deliver(topic, bytes) {
      try {
        const found = channelOf(topic);
        if (found === undefined) throw new FleetError('malformed', `${topic} is no channel.`);
        const wanting = [...all].filter((one) => matches(one, found.channel, found.params));
        if (wanting.length === 0) return;
        const message = decodeMessage(found.channel, bytes);
        // The channel of the topic is that of the subscription, so its handler takes this message.
        for (const one of wanting) one.handle(message as never, found.params as never);
      } catch (thrown) {
        onUnreadable(topic, bytes, FleetError.from(thrown));
      }
    },
  };
}

function matches(
  one: Subscription,
  channel: ChannelName,
  params: Readonly<Record<string, string>>,
): boolean {
  if (one.channel !== channel) return false;
  return Object.entries(one.params).every(
    ([name, value]) => value === undefined || value === params[name],
  );
}
