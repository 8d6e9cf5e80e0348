import type { Alarm, DriftFinding } from '@edgewise/protocol/http';
import type { AlarmProgress } from '../labels/labels.ts';
import type { AlarmRecord } from './alarm-records.ts';

/** A feature of a device that rose by two standard deviations. */
export function aFinding(device: string, change: Partial<DriftFinding> = {}): DriftFinding {
  return {
    ...{ device, feature: 'mean', pattern: 'offset', direction: 'up', effectSd: 2, gain: 1 },
    ...{ logM: 20, logThreshold: 9, sinceMs: 1000, windows: 2, edges: [] },
    ...{ reference: [], current: [], ...change },
  };
}

/** An open alarm about version 1 on two devices. */
export function anAlarm(
  change: Partial<Alarm> = {},
  record: Partial<Omit<AlarmRecord, 'alarm'>> = {},
): AlarmRecord {
  const alarm: Alarm = {
    ...{ id: 'alarm-1', model: 'digits', version: 1, openedAtMs: 0, status: 'open' },
    ...{ devices: ['a', 'b'], unchanged: ['c'], findings: [aFinding('a'), aFinding('b')] },
    ...{ sentence: 'It rose.', labelsAsked: 0, labelsGiven: 0, accuracy: null, decisions: [] },
    ...{ run: null, rollout: null, ...change },
  };
  return { alarm, asks: [], attempt: null, challenger: null, ...record };
}

/** Labels of an alarm: `wrong` of the random ones show an error. */
export function someLabels(
  random: number,
  wrong: number,
  change: Partial<AlarmProgress> = {},
): AlarmProgress {
  const every = wrong === 0 ? Number.POSITIVE_INFINITY : random / wrong;
  const randomErrors = Array.from({ length: random }, (_, at) => at % every < 1);
  return {
    ...{
      handled: 0,
      received: random * 2,
      labelled: random * 2,
      skipped: 0,
      gate: Math.min(120, random / 2),
    },
    ...{ randomErrors, changedAtMs: 0, ...change },
  };
}
