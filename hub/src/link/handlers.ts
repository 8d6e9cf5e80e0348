import {
  type ChannelName,
  channelOf,
  decodeMessage,
  FleetError,
  filterOf,
  type Message,
  type Params,
} from '@edgewise/protocol';

/** Told about a message that no handler will see: it is no message of its channel. */
export type OnUnreadable = (topic: string, bytes: Uint8Array, error: FleetError) => void;

interface Entry {
  readonly filter: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly handle: (message: never, params: never) => void;
}

/** Who wants which messages. A message is decoded once, whoever wants it. */
export interface Handlers {
  add<C extends ChannelName>(
    channel: C,
    params: Partial<Params<C>>,
    handler: (message: Message<C>, params: Params<C>) => void,
  ): { readonly filter: string; readonly isFirst: boolean; remove(): { readonly isLast: boolean } };
  deliver(topic: string, bytes: Uint8Array): void;
}

/** An empty table. What a handler throws goes to `onError` and stops no other. */
export function createHandlers(
  onUnreadable: OnUnreadable,
  onError: (thrown: unknown) => void,
): Handlers {
  const byChannel = new Map<ChannelName, Set<Entry>>();

  function handle(entry: Entry, message: unknown, params: unknown): void {
    try {
      // The channel of the topic is that of the entry, so its handler takes this message.
      entry.handle(message as never, params as never);
    } catch (thrown) {
      onError(thrown);
    }
  }

  return {
    add(channel, params, handler) {
      const entries = byChannel.get(channel) ?? new Set();
      byChannel.set(channel, entries);
      const filter = filterOf(channel, params);
      const isWanted = () => [...entries].some((one) => one.filter === filter);
      const isFirst = !isWanted();
      const entry: Entry = { filter, params, handle: handler };
      entries.add(entry);
      return {
        filter,
        isFirst,
        remove: () => ({ isLast: entries.delete(entry) && !isWanted() }),
      };
    },
    deliver(topic, bytes) {
      const found = channelOf(topic);
      const wanting =
        found && [...(byChannel.get(found.channel) ?? [])].filter(isFor(found.params));
      if (!wanting || wanting.length === 0) return;
      let message: unknown;
      try {
        message = decodeMessage(found.channel, bytes);
      } catch (thrown) {
        onUnreadable(topic, bytes, FleetError.from(thrown));
        return;
      }
      for (const entry of wanting) handle(entry, message, found.params);
    },
  };
}

function isFor(params: Readonly<Record<string, string>>): (entry: Entry) => boolean {
  return (entry) =>
    Object.entries(entry.params).every(
      ([name, value]) => value === undefined || value === params[name],
    );
}
