import type { Body } from './body.ts';
import { type ChannelName, channelNames, channels, type Message, type Params } from './channels.ts';
import { formatTopic, parseTopic } from './topic.ts';

/** The topic of one message. Throws `RangeError` for values that cannot stand in a topic. */
export function topicOf<C extends ChannelName>(channel: C, params: Params<C>): string {
  return formatTopic<string>(channels[channel].topic, params);
}

/** A subscription filter: values that are not given match anything. */
export function filterOf<C extends ChannelName>(channel: C, params: Partial<Params<C>>): string {
  const topic: string = channels[channel].topic;
  return topic.replace(/\{(\w+)\}/g, (_, name: string) => {
    return (params as Readonly<Record<string, string>>)[name] ?? '+';
  });
}

/** The channel and values of a topic; `undefined` for topics outside the contract. */
export function channelOf(
  topic: string,
): { [C in ChannelName]: { channel: C; params: Params<C> } }[ChannelName] | undefined {
  for (const channel of channelNames) {
    const params = parseTopic<string>(channels[channel].topic, topic);
    // The template that matched decides the type of its values.
    if (params) return { channel, params } as ReturnType<typeof channelOf>;
  }
  return undefined;
}

/** Bytes of a message. */
export function encodeMessage<C extends ChannelName>(channel: C, message: Message<C>): Uint8Array {
  return (channels[channel].body as Body<Message<C>>).encode(message);
}

/** A message from bytes. Throws `malformed`, `newer-version` or `too-large`. */
export function decodeMessage<C extends ChannelName>(channel: C, bytes: Uint8Array): Message<C> {
  return (channels[channel].body as unknown as Body<Message<C>>).decode(bytes);
}
