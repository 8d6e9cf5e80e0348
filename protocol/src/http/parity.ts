import Type, { type Static } from 'typebox';
import { CodeSchema, ParityReport } from '../documents/state.ts';
import { Count, DeviceClassSchema, Digest, Id, TimestampMs, Version } from '../ids.ts';
import { Variant } from './models.ts';

/** What one device found when it ran the golden vectors of a variant. */
export const DeviceParity = Type.Object({
  device: Id,
  deviceClass: DeviceClassSchema,
  /** `waiting`: this variant is the one for the device, which has not tried it yet. */
  outcome: Type.Enum(['proved', 'refused', 'waiting']),
  /** `null` where no golden vector was run. */
  parity: Type.Union([ParityReport, Type.Null()]),
  /** Why it was refused. */
  code: Type.Optional(CodeSchema),
  detail: Type.Optional(Type.String()),
  atMs: Type.Union([TimestampMs, Type.Null()]),
});
export type DeviceParity = Static<typeof DeviceParity>;

/** One row of the parity matrix: a variant of a version, and how it came out wherever it was tried. */
export const ParityRow = Type.Object({
  model: Id,
  version: Version,
  deviceClass: DeviceClassSchema,
  scheme: Variant.properties.scheme,
  reason: Variant.properties.reason,
  manifest: Digest,
  /** Golden vectors of its bundle, and how far devices may deviate; `null` where its files are gone. */
  golden: Type.Union([
    Type.Object({
      vectors: Count,
      tolerance: Type.Number({ minimum: 0 }),
      topAgreement: Type.Number({ minimum: 0, maximum: 1 }),
    }),
    Type.Null(),
  ]),
  /** Devices by id. */
  devices: Type.Array(DeviceParity),
});
export type ParityRow = Static<typeof ParityRow>;
