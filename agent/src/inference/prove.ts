import { checkParity, decodeGolden } from '@edgewise/models/bundle';
import type { Session } from '@edgewise/models/runtime';
import { type DeviceClass, FleetError, type ParityReport } from '@edgewise/protocol';
import type { VerifiedBundle } from '../slots/bundle-folder.ts';

const goldenName = 'golden.bin';

/** Where and when golden vectors are run. */
export interface Witness {
  /** The engine's version and instruction set. */
  readonly build: string;
  readonly deviceClass: DeviceClass;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Compares a session with the golden vectors of its bundle and writes the certificate. Rejects with
 * `parity-failed`, the certificate in its detail, when they differ by more than the manifest allows,
 * with `malformed` for a bundle without any, and with `canceled`.
 */
export async function prove(
  session: Session,
  { manifest, files }: VerifiedBundle,
  { build, deviceClass, nowMs, signal }: Witness,
): Promise<ParityReport> {
  const bytes = files.get(goldenName);
  if (bytes === undefined) throw new FleetError('malformed', `The bundle lacks ${goldenName}.`);
  const topOutput = manifest.task.kind === 'classification' ? manifest.task.output : undefined;
  const certificate = await checkParity(session, decodeGolden(bytes), {
    parity: manifest.parity,
    ...(topOutput === undefined ? {} : { topOutput }),
    ...(signal && { signal }),
  });
  const output = certificate.output.slice(0, 200);
  const parity = {
    ...{ ...certificate, output, runtime: build.slice(0, 200) },
    ...{ deviceClass, atMs: nowMs },
  };
  if (parity.ok) return parity;
  const { rms, allowedRms } = parity;
  const mean =
    rms === undefined || allowedRms === undefined
      ? ''
      : `, in the root mean square by ${rms.toPrecision(3)} (allowed ${allowedRms.toPrecision(3)})`;
  const countOf = (share: number): number => Math.ceil(share * parity.vectors - 1e-6);
  const reason =
    `Golden answers deviate by ${parity.largestDeviation.toPrecision(3)} in ${parity.output} (allowed ${parity.allowed.toPrecision(3)})${mean}, ` +
    `${countOf(parity.topAgreement)} of ${parity.vectors} top classes agree (needed ${countOf(manifest.parity.topAgreement)}).`;
  throw new FleetError('parity-failed', reason, { detail: parity });
}
