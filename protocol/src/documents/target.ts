import Type, { type Static } from 'typebox';
import { Count, DeviceClassSchema, Digest, Id, TimestampMs, Version } from '../ids.ts';

/** Names one bundle by the digests of the two files that everything else hangs on. */
export const BundleRef = Type.Object({
  model: Id,
  version: Version,
  deviceClass: DeviceClassSchema,
  manifest: Digest,
  manifestSizeBytes: Count,
  /** Digest of `model.sig`. */
  signature: Digest,
  signatureSizeBytes: Count,
});
export type BundleRef = Static<typeof BundleRef>;

/** What a device may keep of the inputs it sees. Off unless asked for. */
export const CapturePolicy = Type.Object({
  /** Share of inputs that are kept at random, 0 to 1. */
  rate: Type.Number({ minimum: 0, maximum: 1 }),
  /** Inputs whose largest probability is below this are kept too; 0 keeps none. */
  belowConfidence: Type.Number({ minimum: 0, maximum: 1 }),
  budgetBytes: Count,
  budgetBytesPerDay: Count,
});
export type CapturePolicy = Static<typeof CapturePolicy>;

/** How a device is to behave besides running its model. */
export const DevicePolicies = Type.Object({
  /** Publish every prediction: not at all, at most once, or at least once. */
  predictions: Type.Enum(['off', 'qos0', 'qos1']),
  capture: Type.Optional(CapturePolicy),
  /** Bytes the outbox may keep on disk; what goes beyond is dropped, oldest first, and counted. */
  outboxBytes: Count,
});
export type DevicePolicies = Static<typeof DevicePolicies>;

/**
 * The state a hub wants a device to reach: the payload of a signed envelope.
 * It is bound to one device; `generation` only rises. Expiry never stops the active slot.
 */
export const Target = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  fleet: Id,
  device: Id,
  generation: Count,
  issuedAtMs: TimestampMs,
  expiresAtMs: TimestampMs,
  /** The bundle that is to serve; `null` when none should. */
  active: Type.Union([BundleRef, Type.Null()]),
  /** The rollout that set it, for the device's own record. */
  rollout: Type.Optional(Id),
  policies: DevicePolicies,
});
export type Target = Static<typeof Target>;
