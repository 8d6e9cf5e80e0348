/**
 * Decides what a rollout does next. Pure: it is asked again after each change of a device.
 *
 * Waves: one device first, then the rest. A device that is stuck or away blocks nobody: it keeps
 * its order and converges when it can. A failure in the first wave, or in more than the tolerated
 * share of the devices, stops the rollout and takes back the orders that were not followed yet.
 */
import type { BundleRef } from '@edgewise/protocol';
import type { Rollout } from '@edgewise/protocol/http';
import type { DeviceFacts } from './device-facts.ts';
import type { Step, StepOf } from './step.ts';

/** When to give up and when to stop. */
export interface RolloutRules {
  /** Share of devices (0 to 1) that may refuse or revert; beyond it the rollout stops. */
  readonly toleratedFailures: number;
  /** After this long without any change, devices that have not converged are no longer waited for. */
  readonly patienceMs: number;
  /** After this long an unreachable first wave gets another device. */
  readonly firstWavePatienceMs: number;
  /** A device counts as away once it has been offline for this long: links break for moments. */
  readonly awayAfterMs: number;
}

/** What a plan is made from. */
export interface RolloutFacts {
  /** By device. */
  readonly devices: ReadonlyMap<string, DeviceFacts>;
  /** The bundle each device is to serve; `null` is nothing. Devices without a variant are absent. */
  readonly bundles: ReadonlyMap<string, BundleRef | null>;
  readonly nowMs: number;
  /** When anything of this rollout last changed. */
  readonly changedAtMs: number;
}

type Row = Rollout['devices'][number];

/** The steps that are due now. Empty: wait for devices. Throws nothing; the same facts give the same plan. */
export function plan(rollout: Rollout, facts: RolloutFacts, rules: RolloutRules): readonly Step[] {
  if (rollout.status === 'stopped' || rollout.status === 'aborted') return [];
  const notes = rollout.devices.flatMap((row) => observe(row, rollout, facts));
  const rows = rollout.devices.map((row) => noted(row, notes));
  if (rollout.status === 'done') return notes;
  const failure = stopReason(rows, rules);
  if (failure !== undefined) return [...notes, ...stop(rows, facts, failure)];
  const orders = nextOrders(rows, rollout, { facts, rules });
  if (orders.length > 0) return [...notes, ...orders];
  return [...notes, ...ending(rows, facts, rules)];
}

/** What a device's reports say about its row, if that is news. */
function observe(row: Row, rollout: Rollout, facts: RolloutFacts): readonly StepOf<'note'>[] {
  if (row.status === 'skipped' || row.status === 'refused' || row.status === 'reverted') return [];
  const device = facts.devices.get(row.device);
  if (device === undefined || device.isRevoked) {
    const detail = device === undefined ? 'It is no longer enrolled.' : 'Its key was withdrawn.';
    return [{ name: 'note', device: row.device, status: 'skipped', code: 'not-found', detail }];
  }
  const wanted = facts.bundles.get(row.device);
  if (wanted === undefined) {
    const detail = 'The version has no variant for its device class.';
    return [{ name: 'note', device: row.device, status: 'skipped', code: 'incompatible', detail }];
  }
  if (row.status === 'waiting') {
    const isOurs = device.rollout === rollout.id && device.target === wanted?.manifest;
    return isOurs ? [{ name: 'note', device: row.device, status: 'ordered' }] : [];
  }
  if (device.rollout !== rollout.id) return superseded(row, device);
  return outcome(row, device, wanted);
}

function superseded(row: Row, device: DeviceFacts): readonly StepOf<'note'>[] {
  if (row.status === 'serving') return [];
  const detail = `Another order came first: ${device.rollout ?? 'a change of its target'}.`;
  return [{ name: 'note', device: row.device, status: 'skipped', code: 'conflict', detail }];
}

function outcome(
  row: Row,
  device: DeviceFacts,
  wanted: BundleRef | null,
): readonly StepOf<'note'>[] {
  const refusal = device.refusals.find(({ manifest }) => manifest === wanted?.manifest);
  if (refusal !== undefined) {
    const status = refusal.code === 'trial-failed' ? 'reverted' : 'refused';
    const { code, detail } = refusal;
    return [{ name: 'note', device: row.device, status, code, detail }];
  }
  const isServing = device.serving === wanted?.manifest;
  return isServing && row.status !== 'serving'
    ? [{ name: 'note', device: row.device, status: 'serving' }]
    : [];
}

function noted(row: Row, notes: readonly StepOf<'note'>[]): Row {
  const note = notes.find(({ device }) => device === row.device);
  return note === undefined ? row : { ...row, status: note.status };
}

const hasFailed = ({ status }: Row): boolean => status === 'refused' || status === 'reverted';

function stopReason(rows: readonly Row[], rules: RolloutRules): string | undefined {
  const failed = rows.filter(hasFailed);
  const [first] = failed;
  if (first === undefined) return undefined;
  const inFirstWave = failed.find(({ wave }) => wave === 1);
  if (inFirstWave !== undefined) {
    return `${inFirstWave.device} of the first wave ${inFirstWave.status} it.`;
  }
  const counted = rows.filter(({ status }) => status !== 'skipped').length;
  if (failed.length <= rules.toleratedFailures * counted) return undefined;
  return `${failed.length} of ${counted} devices refused or reverted it, first ${first.device}.`;
}

/** Takes back what was not followed, so that nobody picks a bad bundle up later. */
function stop(rows: readonly Row[], facts: RolloutFacts, reason: string): readonly Step[] {
  const withdrawn = rows
    .filter((row) => row.status === 'ordered' || hasFailed(row))
    .filter(({ device }) => {
      const target = facts.devices.get(device)?.target;
      return target !== undefined && target === facts.bundles.get(device)?.manifest;
    })
    .map(({ device, previous }): Step => ({ name: 'withdraw', device, bundle: previous }));
  return [...withdrawn, { name: 'finish', status: 'stopped', reason }];
}

function nextOrders(
  rows: readonly Row[],
  rollout: Rollout,
  { facts, rules }: { readonly facts: RolloutFacts; readonly rules: RolloutRules },
): readonly Step[] {
  const waiting = rows.filter(({ status }) => status === 'waiting');
  if (waiting.length === 0) return [];
  const first = rows.filter(({ wave }) => wave === 1);
  const isProved = first.some(({ status }) => status === 'serving');
  const isOpen = isProved || first.every(({ status }) => status === 'skipped');
  const due = waiting.filter(({ wave }) => wave === 1 || isProved || rollout.kind === 'rollback');
  if (due.length > 0) return due.map((row) => order(row.device, facts));
  const isLate = facts.nowMs - facts.changedAtMs >= rules.firstWavePatienceMs;
  const isGone = first.every(({ device }) => isAway(device, facts, rules));
  if (!isOpen && !(isLate || isGone)) return [];
  const next = waiting.find(({ device }) => facts.devices.get(device)?.isOnline === true);
  const chosen = next ?? (isOpen ? waiting[0] : undefined);
  if (chosen === undefined) return [];
  return [{ name: 'advance', device: chosen.device }, order(chosen.device, facts)];
}

function isAway(device: string, { devices, nowMs }: RolloutFacts, rules: RolloutRules): boolean {
  const found = devices.get(device);
  return found === undefined || (!found.isOnline && nowMs - found.sinceMs >= rules.awayAfterMs);
}

function order(device: string, facts: RolloutFacts): Step {
  return { name: 'order', device, bundle: facts.bundles.get(device) ?? null };
}

function ending(
  rows: readonly Row[],
  facts: RolloutFacts,
  rules: RolloutRules,
): readonly StepOf<'finish'>[] {
  if (rows.some(({ status }) => status === 'waiting')) return [];
  const pending = rows.filter(({ status }) => status === 'ordered');
  if (pending.length === 0) return [{ name: 'finish', status: 'done', reason: null }];
  const isReached = rows.some(({ status }) => status === 'serving');
  const areAway = pending.every(({ device }) => isAway(device, facts, rules));
  const isPatient = facts.nowMs - facts.changedAtMs < rules.patienceMs;
  if (isPatient && !(areAway && isReached)) return [];
  const names = pending.map(({ device }) => device).join(', ');
  const reason = `Still to converge, on their own when they can: ${names}.`;
  return [{ name: 'finish', status: 'done', reason }];
}
