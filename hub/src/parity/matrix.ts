import type { DeviceParity, ModelVersion, ParityRow } from '@edgewise/protocol/http';
import type { DeviceRecord } from '../fleet/fleet.ts';
import { pickVariant } from '../rollout/pick-variant.ts';
import type { ParityRecord } from './parity-records.ts';

/** What a matrix is made of. */
export interface MatrixFacts {
  readonly devices: readonly DeviceRecord[];
  readonly records: readonly ParityRecord[];
  /** Golden vectors and tolerances by manifest. */
  readonly golden: ReadonlyMap<string, ParityRow['golden']>;
}

/** The rows of one version: each of its variants with every device that tried it or is to. Pure. */
export function matrixOf(version: ModelVersion, facts: MatrixFacts): readonly ParityRow[] {
  return version.variants.map(({ deviceClass, scheme, reason, bundle: { manifest } }) => {
    const tried = facts.records.filter((record) => record.manifest === manifest).map(foundBy);
    const known = new Set(tried.map(({ device }) => device));
    const waiting = facts.devices
      .filter(({ id, revoked }) => !revoked && !known.has(id))
      .filter((device) => pickVariant(version.variants, device.deviceClass)?.manifest === manifest)
      .map(notYet);
    return {
      ...{ model: version.model, version: version.version, deviceClass, scheme, reason, manifest },
      golden: facts.golden.get(manifest) ?? null,
      devices: [...tried, ...waiting].sort((a, b) => (a.device < b.device ? -1 : 1)),
    };
  });
}

function foundBy(record: ParityRecord): DeviceParity {
  const { device, deviceClass, outcome, parity, code, detail, atMs } = record;
  return {
    ...{ device, deviceClass, outcome, parity: parity ?? null, atMs },
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail }),
  };
}

function notYet({ id, deviceClass }: DeviceRecord): DeviceParity {
  return { device: id, deviceClass, outcome: 'waiting', parity: null, atMs: null };
}
