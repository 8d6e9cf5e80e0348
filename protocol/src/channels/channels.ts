import { Command, Reply } from '../documents/command.ts';
import { Committed } from '../documents/committed.ts';
import { DeviceEvent } from '../documents/event.ts';
import { BlobOffer } from '../documents/offer.ts';
import { Prediction } from '../documents/prediction.ts';
import { Presence } from '../documents/presence.ts';
import { SignedEnvelope } from '../documents/signed.ts';
import { DeviceState } from '../documents/state.ts';
import { Target } from '../documents/target.ts';
import {
  type Body,
  type BodyValue,
  blockBody,
  documentReader,
  json,
  missingBody,
  windowBody,
} from './body.ts';
import type { TopicParams } from './topic.ts';

/** One row of the wire contract. */
export interface Channel<T = unknown> {
  readonly topic: string;
  /** Who publishes. */
  readonly from: 'agent' | 'hub';
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** `outbox`: kept on disk until the hub's watermark covers it. */
  readonly durable: 'outbox' | 'no';
  /** The kind of signed payload inside, where there is one. */
  readonly signed?: 'target' | 'command';
  readonly body: Body<T>;
  readonly summary: string;
}

const device = 'edgewise/{fleet}/device/{device}' as const;

/** Everything that is said over MQTT: topic, direction, quality of service, retention and body. */
export const channels = {
  presence: {
    topic: `${device}/presence`,
    from: 'agent',
    qos: 1,
    retain: true,
    durable: 'no',
    body: json(Presence),
    summary: 'Whether a device is connected; its last will says offline.',
  },
  target: {
    topic: `${device}/target`,
    from: 'hub',
    qos: 1,
    retain: true,
    durable: 'no',
    signed: 'target',
    body: json(SignedEnvelope),
    summary: 'The state the hub wants, signed and bound to one device and generation.',
  },
  state: {
    topic: `${device}/state`,
    from: 'agent',
    qos: 1,
    retain: true,
    durable: 'no',
    body: json(DeviceState),
    summary: 'The state a device reports: slots, progress, refusals, health.',
  },
  window: {
    topic: `${device}/window`,
    from: 'agent',
    qos: 1,
    retain: false,
    durable: 'outbox',
    body: windowBody,
    summary: 'Mergeable counts of what a model saw and answered over one span.',
  },
  event: {
    topic: `${device}/event`,
    from: 'agent',
    qos: 1,
    retain: false,
    durable: 'outbox',
    body: json(DeviceEvent),
    summary: 'Steps, errors and sample offers of a device.',
  },
  committed: {
    topic: `${device}/committed`,
    from: 'hub',
    qos: 1,
    retain: false,
    durable: 'no',
    body: json(Committed),
    summary: 'How far the hub has made windows and events durable.',
  },
  sample: {
    topic: `${device}/sample/{digest}/{part}`,
    from: 'agent',
    qos: 0,
    retain: false,
    durable: 'no',
    body: blockBody,
    summary: 'One part of an input that the hub asked for.',
  },
  need: {
    topic: `${device}/need`,
    from: 'agent',
    qos: 0,
    retain: false,
    durable: 'no',
    body: missingBody,
    summary: 'The blocks of a blob that a device still misses.',
  },
  want: {
    topic: `${device}/want`,
    from: 'hub',
    qos: 0,
    retain: false,
    durable: 'no',
    body: missingBody,
    summary: 'The parts of a sample that the hub still misses.',
  },
  offer: {
    topic: `${device}/offer`,
    from: 'hub',
    qos: 0,
    retain: false,
    durable: 'no',
    body: json(BlobOffer),
    summary: 'The lane on which the blocks of a blob will come.',
  },
  command: {
    topic: `${device}/command`,
    from: 'hub',
    qos: 1,
    retain: false,
    durable: 'no',
    signed: 'command',
    body: json(SignedEnvelope),
    summary: 'An order to be carried out at once, signed.',
  },
  reply: {
    topic: `${device}/reply`,
    from: 'agent',
    qos: 1,
    retain: false,
    durable: 'no',
    body: json(Reply),
    summary: 'The answer to a command, with its transaction id.',
  },
  blob: {
    topic: 'edgewise/{fleet}/blob/{digest}/{lane}/{block}',
    from: 'hub',
    qos: 0,
    retain: false,
    durable: 'no',
    body: blockBody,
    summary: 'One block of a bundle file; one publish serves every waiting device of a lane.',
  },
  prediction: {
    topic: 'edgewise/{fleet}/prediction/{device}/{model}',
    from: 'agent',
    qos: 0,
    retain: false,
    durable: 'no',
    body: json(Prediction),
    summary: 'Predictions for whoever subscribes; published only when the target asks for it.',
  },
} as const satisfies Record<string, Channel>;

/** The table as a type, from which the others derive. */
export type Channels = typeof channels;
export type ChannelName = keyof Channels;
/** All channel names, in the order of the table. */
export const channelNames = Object.keys(channels) as readonly ChannelName[];
/** What travels on a channel. */
export type Message<C extends ChannelName> = BodyValue<Channels[C]['body']>;
/** The values between the braces of a channel's topic. */
export type Params<C extends ChannelName> = TopicParams<Channels[C]['topic']>;

const readTargetBytes = documentReader(Target);
const readCommandBytes = documentReader(Command);

/** Reads the verified payload of a signed target. Throws `malformed` or `newer-version`. */
export const readTarget = (payload: Uint8Array): Target =>
  readTargetBytes(payload, channels.target.body.maxBytes);
/** Reads the verified payload of a signed command. Throws `malformed` or `newer-version`. */
export const readCommand = (payload: Uint8Array): Command =>
  readCommandBytes(payload, channels.command.body.maxBytes);
