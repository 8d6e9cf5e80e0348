import { closestOf, type DeviceParity, type ParityRow } from '@edgewise/protocol/http';
import type { Badge } from '../../components/state-badge.tsx';

/** How a variant came out on all devices that tried it. */
export interface ParityView {
  readonly deviceClass: ParityRow['deviceClass'];
  readonly scheme: ParityRow['scheme'];
  readonly reason: string | null;
  readonly golden: ParityRow['golden'];
  /** Of the device closest to its limit; `undefined` where none has run the golden vectors. */
  readonly deviation: number | undefined;
  /** Whether that is the root mean square of deviations, not the largest one. */
  readonly isMean: boolean;
  /** What is allowed for that output. */
  readonly allowed: number | undefined;
  /** The smallest on any device, 0 to 1. */
  readonly agreement: number | undefined;
  readonly verdict: 'proved' | 'refused' | 'waiting' | 'none';
  readonly counts: Readonly<Record<DeviceParity['outcome'], number>>;
  readonly refusedBy: readonly DeviceParity[];
}

/** How a verdict is to be seen. */
export const verdictLevels = {
  proved: 'well',
  refused: 'act',
  waiting: 'unknown',
  none: 'unknown',
} as const satisfies Record<ParityView['verdict'], Badge>;

/** Rows of the matrix as the panel shows them: one refusal outweighs any number of proofs. */
export function parityViews(rows: readonly ParityRow[]): readonly ParityView[] {
  return rows.map(({ deviceClass, scheme, reason, golden, devices }) => {
    const count = (outcome: DeviceParity['outcome']) =>
      devices.filter((device) => device.outcome === outcome).length;
    const counts = {
      proved: count('proved'),
      refused: count('refused'),
      waiting: count('waiting'),
    };
    const found = devices.flatMap(({ parity }) => parity ?? []);
    const worst = closestOf(found);
    return {
      ...{ deviceClass, scheme, reason, golden, counts, verdict: verdictOf(counts) },
      deviation: worst?.deviation,
      isMean: worst?.measure === 'rms',
      allowed: worst?.allowed ?? golden?.tolerance,
      agreement: least(found.map(({ topAgreement }) => topAgreement)),
      refusedBy: devices.filter(({ outcome }) => outcome === 'refused'),
    };
  });
}

function verdictOf(counts: ParityView['counts']): ParityView['verdict'] {
  if (counts.refused > 0) return 'refused';
  if (counts.proved > 0) return 'proved';
  return counts.waiting > 0 ? 'waiting' : 'none';
}

const least = (values: readonly number[]) =>
  values.length === 0 ? undefined : Math.min(...values);
