import type { ChannelName, Message, Params } from './channels.ts';

/**
 * A connection to the broker, generic over the channel table. Owned here because hub and agent
 * hold the two ends of the same contract.
 *
 * Promises of every implementation: handlers of one link run in the order of arrival; a message
 * that cannot be read goes to `onUnreadable` and never to a handler; `publish` resolves when the
 * transport took the message over (QoS 0) or acknowledged it (QoS 1), which says nothing about
 * durability; after `close` every call rejects with `unavailable`.
 */
export interface Link extends AsyncDisposable {
  publish<C extends ChannelName>(
    channel: C,
    params: Params<C>,
    message: Message<C>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Values that are not given match anything. Resolves to a function that ends the subscription. */
  subscribe<C extends ChannelName>(
    channel: C,
    params: Partial<Params<C>>,
    handler: (message: Message<C>, params: Params<C>) => void,
  ): Promise<() => Promise<void>>;
}
