import type { Alarm, Device, DriftFinding } from '@edgewise/protocol/http';
import type { Level } from '../../components/levels.ts';
import type { Badge } from '../../components/state-badge.tsx';

/** How an alarm is to be seen: open ones need a person or labels, those under way need patience. */
export const alarmLevels = {
  open: 'act',
  labelling: 'act',
  retraining: 'busy',
  'rolling-out': 'busy',
  resolved: 'well',
  dismissed: 'unknown',
} as const satisfies Record<Alarm['status'], Badge>;

/** Whether an alarm still asks for something. */
export function isOpen(alarm: Alarm): boolean {
  return alarm.status !== 'resolved' && alarm.status !== 'dismissed';
}

/** Open alarms first, then the newest first. */
export function alarmOrder(alarms: readonly Alarm[]): readonly Alarm[] {
  return alarms.toSorted(
    (a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.openedAtMs - a.openedAtMs,
  );
}

/** Findings with most evidence first. */
export function findingOrder(findings: readonly DriftFinding[]): readonly DriftFinding[] {
  return findings.toSorted((a, b) => b.logM - a.logM);
}

/** Labels of an alarm: how many of how many. */
export interface LabelProgress {
  readonly given: number;
  readonly asked: number;
  readonly missing: number;
}

/** How far the labels of an alarm are. */
export function labelProgress(alarm: Alarm): LabelProgress {
  const missing = Math.max(0, alarm.labelsAsked - alarm.labelsGiven);
  return { given: alarm.labelsGiven, asked: alarm.labelsAsked, missing };
}

/** Accuracy with its bounds, all as shares. */
export interface AccuracyView {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly right: number;
  readonly of: number;
}

/** What the random labels say about accuracy; undefined before there are any. */
export function accuracyView(alarm: Alarm): AccuracyView | undefined {
  const { accuracy } = alarm;
  if (accuracy === null || accuracy.of === 0) return undefined;
  return { ...accuracy, estimate: accuracy.right / accuracy.of };
}

/** Devices with the most evidence of change first; those that say nothing come last. */
export function watchOrder(devices: readonly Device[]): readonly Device[] {
  return devices
    .filter((device) => !device.revoked)
    .toSorted((a, b) => evidence(b) - evidence(a) || a.id.localeCompare(b.id));
}

function evidence({ drift }: Device): number {
  return drift.logM ?? Number.NEGATIVE_INFINITY;
}

/** How a device stands with the monitor. */
export function driftLevel({ drift, presence }: Device): Level {
  if (drift.state === 'alarm') return 'act';
  if (presence.status !== 'online' || drift.state !== 'watching') return 'unknown';
  const near =
    drift.logM !== undefined && drift.logM > (drift.logThreshold ?? Number.POSITIVE_INFINITY) / 2;
  return near ? 'watch' : 'well';
}

/** Figures on top of the screen. */
export interface DriftFigures {
  readonly open: number;
  readonly drifting: number;
  readonly watched: number;
  readonly learning: number;
  readonly labelsMissing: number;
}

/** Counts over alarms and devices. */
export function driftFigures(alarms: readonly Alarm[], devices: readonly Device[]): DriftFigures {
  const open = alarms.filter(isOpen);
  const inState = (state: Device['drift']['state']) =>
    devices.filter((device) => device.drift.state === state).length;
  return {
    open: open.length,
    drifting: inState('alarm'),
    watched: inState('watching') + inState('alarm'),
    learning: inState('learning'),
    labelsMissing: open.reduce((sum, alarm) => sum + labelProgress(alarm).missing, 0),
  };
}

/** Windows after the alarm that are still of interest. */
const windowsAfter = 30;

/** Until when the evidence of an alarm is shown: it was raised in the midst of it. Milliseconds since 1970. */
export function evidenceUntilMs(alarm: Alarm): number {
  const spansMs = alarm.findings.map(
    (finding) => (alarm.openedAtMs - finding.sinceMs) / Math.max(1, finding.windows),
  );
  const windowMs = Math.max(1_000, ...spansMs);
  return Math.round(alarm.openedAtMs + windowsAfter * windowMs);
}
