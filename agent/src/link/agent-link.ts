import type { ChannelName, Link, Message, Params } from '@edgewise/protocol';

/**
 * A link that loses and regains its connection by itself. While it is down `publish` rejects with
 * `unavailable`, and subscriptions are kept and made again before `onConnect` is called.
 */
export interface AgentLink extends Link {
  readonly isConnected: boolean;
  /** `qos` is the channel's unless it is given. */
  publish<C extends ChannelName>(
    channel: C,
    params: Params<C>,
    message: Message<C>,
    signal?: AbortSignal,
    qos?: 0 | 1,
  ): Promise<void>;
  /** Connections that this process has made or tried; part of the presence document. */
  readonly session: number;
  /** Called at each connection, and at once when there is one. Returns what ends the calls. */
  onConnect(handler: () => void): () => void;
}
