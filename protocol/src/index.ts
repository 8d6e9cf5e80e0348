export { type Body, type BodyValue, documentReader, json } from './channels/body.ts';
export {
  type Channel,
  type ChannelName,
  type Channels,
  channelNames,
  channels,
  type Message,
  type Params,
  readCommand,
  readTarget,
} from './channels/channels.ts';
export { channelOf, decodeMessage, encodeMessage, filterOf, topicOf } from './channels/codec.ts';
export type { Link } from './channels/link.ts';
export { formatTopic, type ParamNames, parseTopic, type TopicParams } from './channels/topic.ts';
export { Command, CommandBody, Reply } from './documents/command.ts';
export {
  Committed,
  isOutboxClass,
  type OutboxClass,
  outboxClasses,
  Watermark,
} from './documents/committed.ts';
export { DeviceEvent, EventBody, SampleOffer } from './documents/event.ts';
export { noNumber } from './documents/no-number.ts';
export { BlobOffer } from './documents/offer.ts';
export { Prediction } from './documents/prediction.ts';
export { Presence } from './documents/presence.ts';
export {
  Enrolment,
  EnrolmentRequest,
  EnrolmentToken,
  HubIdentity,
  PublicKeyPem,
  SignInClaims,
  TimeAnswer,
} from './documents/sign-in.ts';
export { type PayloadKind, payloadTypes, SignedEnvelope } from './documents/signed.ts';
export {
  CodeSchema,
  DeviceState,
  ParityReport,
  Refusal,
  SlotReport,
} from './documents/state.ts';
export { BundleRef, CapturePolicy, DevicePolicies, Target } from './documents/target.ts';
export { type Code, codeNames, codes, isCode, type RetryAdvice } from './errors/codes.ts';
export { type ErrorDetail, FleetError, invariant } from './errors/fleet-error.ts';
export { type SchemaFault, type SchemaFinding, schemaFault } from './errors/schema-fault.ts';
export {
  Count,
  type DeviceClass,
  DeviceClassSchema,
  Digest,
  deviceClasses,
  Id,
  isId,
  TimestampMs,
  Version,
} from './ids.ts';
export { limits, PROTOCOL_VERSION } from './limits.ts';
export { decodeBlock, encodeBlock } from './packed/block.ts';
export { fromHex, toHex } from './packed/bytes.ts';
export { decodeMissing, encodeMissing, type MissingParts } from './packed/need.ts';
export {
  decodeWindow,
  encodeWindow,
  type FeatureCounts,
  featureCells,
  type PackedWindow,
} from './packed/window.ts';
export { days, hours, kibibytes, mebibytes, minutes, seconds } from './units.ts';
