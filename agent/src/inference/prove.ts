import {
  checkParity,
  decodeGolden,
  type Manifest,
  type ParityCertificate,
} from '@edgewise/models/bundle';
import type { Session } from '@edgewise/models/runtime';
import { type DeviceClass, FleetError, noNumber, type ParityReport } from '@edgewise/protocol';
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
  const reason = `${deviationText(certificate)}, ${agreementText(certificate, manifest.parity)}.`;
  throw new FleetError('parity-failed', reason, { detail: parity });
}

function deviationText(certificate: ParityCertificate): string {
  const { largestDeviation, allowed, output, rms, allowedRms } = certificate;
  const name = output.slice(0, 200);
  if (largestDeviation === noNumber) return `Golden answers are no numbers in ${name}`;
  const largest = `Golden answers deviate by ${figure(largestDeviation)} in ${name} (allowed ${figure(allowed)})`;
  if (rms === undefined || allowedRms === undefined) return largest;
  return `${largest}, in the root mean square by ${figure(rms)} (allowed ${figure(allowedRms)})`;
}

function agreementText(
  { vectors, topAgreement }: ParityCertificate,
  { topAgreement: needed }: Manifest['parity'],
): string {
  // Shares of a count are whole numbers but for what division leaves.
  const countOf = (share: number): number => Math.ceil(share * vectors - 1e-6);
  return `${countOf(topAgreement)} of ${vectors} top classes agree (needed ${countOf(needed)})`;
}

const figure = (value: number): string => value.toPrecision(3);
