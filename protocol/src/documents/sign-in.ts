import Type, { type Static } from 'typebox';
import { Count, DeviceClassSchema, Id, TimestampMs } from '../ids.ts';

/** A public key: PEM of a SubjectPublicKeyInfo on P-256. */
export const PublicKeyPem = Type.String({ minLength: 80, maxLength: 1000 });

/** Claims of the short JWT (ES256) that a device presents as its MQTT password. */
export const SignInClaims = Type.Object({
  sub: Id,
  /** Id of the hub. */
  aud: Type.String({ minLength: 1, maxLength: 64 }),
  /** Seconds since 1970, as RFC 7519 wants it. */
  iat: Count,
  exp: Count,
  jti: Type.String({ minLength: 16, maxLength: 64 }),
  /** Random per process start. */
  instance: Type.String({ minLength: 1, maxLength: 64 }),
});
export type SignInClaims = Static<typeof SignInClaims>;

/** What an enrolment token holds: `ew1.` and this as base64url of JSON. */
export const EnrolmentToken = Type.Object({
  /** Where the hub's HTTP API answers. */
  url: Type.String({ minLength: 1, maxLength: 300 }),
  secret: Type.String({ minLength: 16, maxLength: 64 }),
  /** SHA-256, hexadecimal, of the hub's public key as DER SubjectPublicKeyInfo. */
  fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
export type EnrolmentToken = Static<typeof EnrolmentToken>;

/** Payload (kind `hub`) of the answer to `GET /enrol?nonce=`: proves who the hub is. */
export const HubIdentity = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  nonce: Type.String({ minLength: 16, maxLength: 64 }),
  hub: Type.String({ minLength: 1, maxLength: 64 }),
  fleet: Id,
  publicKey: PublicKeyPem,
});
export type HubIdentity = Static<typeof HubIdentity>;

/** Body of `POST /enrol`. The same device key may enrol again with the same token. */
export const EnrolmentRequest = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  secret: Type.String({ minLength: 16, maxLength: 64 }),
  /** The name the device would like; the hub refuses one that is taken by another key. */
  device: Type.Optional(Id),
  publicKey: PublicKeyPem,
  deviceClass: DeviceClassSchema,
  agentVersion: Type.String({ maxLength: 40 }),
});
export type EnrolmentRequest = Static<typeof EnrolmentRequest>;

/** Payload (kind `enrolment`) of the answer to `POST /enrol`. */
export const Enrolment = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  hub: Type.String({ minLength: 1, maxLength: 64 }),
  fleet: Id,
  device: Id,
  /** Echo of the device's key, so that the answer is bound to it. */
  publicKey: PublicKeyPem,
  hubPublicKey: PublicKeyPem,
  /** `mqtt://` or `mqtts://` address of the broker. */
  broker: Type.String({ minLength: 1, maxLength: 300 }),
  /** Keys that may sign bundles. */
  bundleKeys: Type.Array(PublicKeyPem, { minItems: 1, maxItems: 8 }),
});
export type Enrolment = Static<typeof Enrolment>;

/** Payload (kind `time`) of the answer to `GET /time?nonce=`. */
export const TimeAnswer = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  nonce: Type.String({ minLength: 16, maxLength: 64 }),
  nowMs: TimestampMs,
});
export type TimeAnswer = Static<typeof TimeAnswer>;
