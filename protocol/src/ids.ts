import Type from 'typebox';

/** Ids of fleets, devices and models: a DNS label, so that no topic level ever holds a dot, slash or wildcard. */
const idPattern = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';

const idExpression = new RegExp(idPattern);

/** Whether a string can be the id of a fleet, device or model. */
export function isId(value: string): boolean {
  return idExpression.test(value);
}

/** Schema of an id. */
export const Id = Type.String({ pattern: idPattern, maxLength: 63 });
/** Schema of a SHA-256 digest: 64 lower-case hexadecimal digits. */
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** Schema of milliseconds since 1970-01-01 UTC. */
export const TimestampMs = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
/** Schema of a counter. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Schema of a model version: 1, 2, 3 ... */
export const Version = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

/** What decides which build of a model a device can run; detected on the device, never typed in. */
export const deviceClasses = [
  'x64',
  'x64-vnni',
  'arm64',
  'arm64-dot',
  'web-wasm',
  'web-webgpu',
  'edgetpu',
] as const;
export type DeviceClass = (typeof deviceClasses)[number];
/** Schema of a device class. */
export const DeviceClassSchema = Type.Enum([...deviceClasses]);
