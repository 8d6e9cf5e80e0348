import type { Alarm } from '@edgewise/protocol/http';
import type { AlarmRecord } from './alarm-records.ts';
import type { Step } from './step.ts';

/** What carrying a step out has given. */
export interface StepOutcome {
  readonly nowMs: number;
  /** Whether a device took its order; for `capture`. */
  readonly isSent?: boolean;
  /** For `retrain`. */
  readonly run?: string;
  /** For `rollOut`. */
  readonly rollout?: string;
}

/** The alarm after a step was carried out. Pure. */
export function apply(record: AlarmRecord, step: Step, outcome: StepOutcome): AlarmRecord {
  const { nowMs } = outcome;
  switch (step.name) {
    case 'count':
      return edit(record, { labelsGiven: step.given, accuracy: step.accuracy });
    case 'request': {
      const asks = step.asks.map((ask) => ({
        ...ask,
        status: 'pending' as const,
        triedAtMs: null,
      }));
      const labelsAsked = asks.reduce((sum, ask) => sum + ask.random + ask.uncertain, 0);
      const next = edit(record, { status: 'labelling', labelsAsked });
      return decided({ ...next, asks }, step.sentence, nowMs);
    }
    case 'capture':
      return {
        ...record,
        asks: record.asks.map((ask) =>
          ask.device === step.device
            ? { ...ask, status: outcome.isSent ? 'sent' : 'pending', triedAtMs: nowMs }
            : ask,
        ),
      };
    case 'decide':
      return decided(record, step.sentence, nowMs);
    case 'retrain': {
      const next = edit(record, { status: 'retraining', run: outcome.run ?? null });
      const attempt = { startedAtMs: nowMs, randomLabels: step.randomLabels };
      return decided({ ...next, attempt }, step.sentence, nowMs);
    }
    case 'judge': {
      const next = { ...edit(record, { status: step.status }), challenger: step.challenger };
      return decided(next, step.sentence, nowMs);
    }
    case 'rollOut': {
      const change = { status: 'rolling-out', rollout: outcome.rollout ?? null } as const;
      return decided({ ...edit(record, change), challenger: step.version }, step.sentence, nowMs);
    }
    case 'close':
      return decided(edit(record, { status: step.status }), step.sentence, nowMs);
  }
}

function edit(record: AlarmRecord, change: Partial<Alarm>): AlarmRecord {
  return { ...record, alarm: { ...record.alarm, ...change } };
}

function decided(record: AlarmRecord, sentence: string, atMs: number): AlarmRecord {
  return edit(record, { decisions: [...record.alarm.decisions, { atMs, sentence }] });
}
