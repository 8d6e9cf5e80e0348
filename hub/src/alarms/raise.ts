/** How findings become one alarm per model version. Pure. */
import type { Alarm, DriftFinding } from '@edgewise/protocol/http';
import type { AlarmRecord } from './alarm-records.ts';
import { alarmSentence } from './sentence.ts';

/** What an alarm is raised with. */
export interface Raised {
  readonly model: string;
  readonly version: number;
  readonly findings: readonly DriftFinding[];
  /** Devices of the model that are watched, the ones at fault among them. */
  readonly watched: readonly string[];
  readonly nowMs: number;
  /** Id of the alarm, should a new one be needed. */
  readonly id: string;
}

/** The open alarm with the findings it did not know, or a new one; `undefined` when nothing is new. */
export function raise(open: AlarmRecord | undefined, raised: Raised): AlarmRecord | undefined {
  const before = open?.alarm.findings ?? [];
  const fresh = raised.findings.filter(
    ({ device, feature }) =>
      !before.some((known) => known.device === device && known.feature === feature),
  );
  if (fresh.length === 0) return undefined;
  const findings = [...before, ...fresh];
  const devices = [...new Set(findings.map(({ device }) => device))].sort();
  const unchanged = raised.watched.filter((device) => !devices.includes(device)).sort();
  const change = { findings, devices, unchanged };
  const sentence = alarmSentence(change);
  if (open !== undefined) return { ...open, alarm: { ...open.alarm, ...change, sentence } };
  const alarm: Alarm = {
    ...{ id: raised.id, model: raised.model, version: raised.version },
    ...{ openedAtMs: raised.nowMs, status: 'open', ...change, sentence },
    ...{ labelsAsked: 0, labelsGiven: 0, accuracy: null, decisions: [], run: null, rollout: null },
  };
  return { alarm, asks: [], attempt: null, challenger: null };
}
