import { type Channel, channelNames, channels } from '../channels/channels.ts';
import { Command } from '../documents/command.ts';
import { payloadTypes } from '../documents/signed.ts';
import { Target } from '../documents/target.ts';
import { PROTOCOL_VERSION } from '../limits.ts';

type Json = Readonly<Record<string, unknown>>;

/** The MQTT contract as an AsyncAPI 3.0 document, derived from the channel table; written for those who subscribe. */
export function asyncApiDocument(): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Edgewise fleet',
      version: `${PROTOCOL_VERSION}.0.0`,
      description:
        'What hub and agents say over MQTT 3.1.1. Anybody with an API token of scope "read" may subscribe: user `api:NAME`, the token as password.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channelNames.map((name) => [name, channelOf(name)])),
    operations: Object.fromEntries(
      channelNames.map((name) => [`${channels[name].from}.${name}`, operationOf(name)]),
    ),
    components: {
      messages: Object.fromEntries(channelNames.map((name) => [name, messageOf(name)])),
      schemas: { Target, Command },
    },
  };
}

function channelOf(name: keyof typeof channels): Json {
  const { topic, summary } = channels[name];
  return {
    address: topic,
    description: summary,
    parameters: Object.fromEntries(
      [...topic.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => [
        parameter,
        { description: meanings[parameter as keyof typeof meanings] },
      ]),
    ),
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
  };
}

const meanings = {
  fleet: 'Id of the fleet.',
  device: 'Id of the device.',
  digest: 'SHA-256 of the blob or sample, 64 hexadecimal digits.',
  part: 'Number of the part, from 0.',
  lane: 'The lane named in the offer.',
  block: 'Number of the block, from 0.',
  model: 'Id of the model.',
};

function operationOf(name: keyof typeof channels): Json {
  const channel: Channel = channels[name];
  return {
    action: 'send',
    channel: { $ref: `#/channels/${name}` },
    summary: `Sent by the ${channel.from}.`,
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
    bindings: { mqtt: { qos: channel.qos, retain: channel.retain, bindingVersion: '0.2.0' } },
  };
}

function messageOf(name: keyof typeof channels): Json {
  const channel: Channel = channels[name];
  const { contentType, schema, packed, maxBytes } = channel.body;
  return {
    name,
    contentType,
    summary: channel.summary,
    description: descriptionOf(channel, maxBytes),
    payload: schema ?? {
      type: 'string',
      format: 'binary',
      description: `Packed ${packed}; layout in protocol.md.`,
    },
  };
}

function descriptionOf(channel: Channel, maxBytes: number): string {
  const size = `At most ${maxBytes} bytes.`;
  if (!channel.signed) return size;
  return `${size} A DSSE envelope; payload type ${payloadTypes[channel.signed]}, payload schema #/components/schemas/${channel.signed === 'target' ? 'Target' : 'Command'}.`;
}
