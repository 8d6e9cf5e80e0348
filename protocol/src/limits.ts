import { days, hours, kibibytes, mebibytes, minutes, seconds } from './units.ts';

/** The protocol generation this build speaks; hub and agents understand N and N-1. */
export const PROTOCOL_VERSION = 1;

/** Every bound that both sides must agree on. Reasons stand beside the numbers. */
export const limits = {
  /** One block of a blob: at 32 KiB a publish to a lane of 50 devices keeps the hub's event loop under 6 ms. */
  blockSizeBytes: kibibytes(32),
  /** The largest MQTT CONNECT packet. */
  connectPacketBytes: kibibytes(8),
  /** The largest packet after CONNECT: a block and its envelope. */
  packetBytes: kibibytes(40),
  /** JSON documents on MQTT. */
  documentBytes: kibibytes(32),
  /** Packed windows on MQTT: about 600 features. */
  windowBytes: kibibytes(32),
  /** A JSON request body of the HTTP API. */
  requestBytes: mebibytes(8),
  /** A blob or data set that is uploaded in one HTTP request. */
  uploadBytes: mebibytes(256),
  /** The largest blob a bundle may name. */
  blobBytes: mebibytes(512),
  /** manifest.json and model.sig, which are checked whole. */
  manifestBytes: kibibytes(512),
  /** Outbox messages of one device that wait for a watermark. */
  inFlightMessages: 64,
  /** Devices of one lane on the embedded broker. */
  laneDevices: 50,
  /** Bytes per second over all lanes of the embedded broker. */
  paceBytesPerSecond: 100_000_000,
  /** Publishes per second of one device, with a burst of twice that; excess waits and is never dropped. */
  devicePublishesPerSecond: 64,
  /** Predictions that one source of a device publishes in a second; answers to callers are not limited. */
  predictionsPerSecond: 16,
  /** Bytes a client may leave unread before its connection is closed. */
  unreadBytes: kibibytes(512),
  /** Subscriptions of one connection. */
  subscriptionsPerClient: 64,
  /** Connections of the embedded broker. */
  connections: 20_000,
  /** The longest MQTT keep-alive. */
  keepAliveSeconds: 60,
  /** The longest life of a device's sign-in token. */
  signInMs: minutes(5),
  /** Clock difference that is forgiven. */
  clockSkewMs: seconds(60),
  /** How long a signed target may be acted upon; it never stops a serving slot. */
  targetLifeMs: days(30),
  /** How long a command may be acted upon. */
  commandLifeMs: minutes(5),
  /** Life of an enrolment token. */
  enrolmentLifeMs: hours(24),
  /** Life of the console's one-time sign-in link. */
  signInLinkMs: hours(1),
  /** The hub sends at most one watermark per device in this span. */
  watermarkMs: seconds(1),
  /** A device asks again for missing blocks after this silence. */
  needMs: seconds(5),
  /** Class x confidence: bins of the largest probability. */
  confidenceBins: 20,
  /** Bins of a profile feature. */
  featureBins: 20,
  /** Features of a profile vector. */
  features: 512,
  /** Classes of a classification task. */
  classes: 1000,
} as const;
