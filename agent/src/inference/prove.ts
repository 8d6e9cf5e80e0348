import { checkParity, decodeGolden } from '@edgewise/models/bundle';
import type { Session } from '@edgewise/models/runtime';
import { FleetError, type SlotReport } from '@edgewise/protocol';
import type { VerifiedBundle } from '../slots/bundle-folder.ts';

const goldenName = 'golden.bin';

/**
 * Compares a session with the golden vectors of its bundle. Rejects with `parity-failed` when they
 * differ by more than the manifest allows, and with `malformed` for a bundle without any.
 */
export async function prove(
  session: Session,
  { manifest, files }: VerifiedBundle,
): Promise<NonNullable<SlotReport['parity']>> {
  const bytes = files.get(goldenName);
  if (bytes === undefined) throw new FleetError('malformed', `The bundle lacks ${goldenName}.`);
  const topOutput = manifest.task.kind === 'classification' ? manifest.task.output : undefined;
  const { ok, ...parity } = await checkParity(session, decodeGolden(bytes), {
    parity: manifest.parity,
    ...(topOutput === undefined ? {} : { topOutput }),
  });
  if (ok) return parity;
  const reason =
    `Golden answers deviate by ${parity.largestDeviation.toPrecision(3)} (allowed ${manifest.parity.tolerance.toPrecision(3)}), ` +
    `${Math.round(parity.topAgreement * parity.vectors)} of ${parity.vectors} top classes agree.`;
  throw new FleetError('parity-failed', reason, { detail: parity });
}
