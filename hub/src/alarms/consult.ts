import type { Alarm, ModelVersion } from '@edgewise/protocol/http';
import type { AlarmLabels } from '../labels/field-sample-records.ts';
import { lowerErrorBound } from '../retrain/error-bound.ts';
import { decideRetraining, type RetrainDecision, type RetrainReason } from '../retrain/policy.ts';
import type { AlarmRecord } from './alarm-records.ts';
import type { RenewalFacts } from './renewal-facts.ts';
import { isFault } from './sentence.ts';

/** What the policy says of the recorded facts. */
export function consult(
  { alarm, attempt }: AlarmRecord,
  { nowMs, policies, version, labels }: RenewalFacts,
  state: { readonly isAnswered: boolean; readonly coolDownMs?: number },
): readonly RetrainDecision[] {
  const faults = alarm.findings
    .filter(({ pattern }) => isFault(pattern))
    .map(({ device, feature, pattern }) => ({ deviceId: device, feature, pattern }));
  const drifted = alarm.findings.filter(({ pattern }) => !isFault(pattern));
  const devices = [...new Set(drifted.map(({ device }) => device))];
  return decideRetraining(
    {
      ...{ nowMs, faults, served: [], randomLabels: labels.randomErrors },
      trainedAtMs: version.createdAtMs,
      drifts:
        devices.length === 0 ? [] : [{ alarmId: alarm.id, devices, isAnswered: state.isAnswered }],
      ...(attempt !== null && { lastAttempt: attempt }),
    },
    {
      labelBudget: policies.labelBudget,
      acceptedError: 1 - worstAccuracy(version),
      errorMargin: policies.toleratedLoss,
      ...(state.coolDownMs !== undefined && { coolDownMs: state.coolDownMs }),
    },
  );
}

/** A version that was imported unmeasured is held to making no errors. */
function worstAccuracy({ variants }: Pick<ModelVersion, 'variants'>): number {
  return variants.reduce((least, { accuracy }) => Math.min(least, accuracy ?? 1), 1);
}

/** A decision in words, with its figures. */
export function reasonSentence(decision: RetrainDecision, { labels }: RenewalFacts): string {
  if (decision.kind === 'wait') {
    return decision.reason.because === 'cool-down'
      ? `There is a reason to retrain, but the last attempt is too fresh; next at ${new Date(decision.reason.untilMs).toISOString()}.`
      : `There is a reason to retrain, but only ${decision.reason.newLabels} of ${decision.reason.needed} new random labels.`;
  }
  if (decision.kind !== 'retrain') return '';
  return retrainSentence(decision.reason, labels);
}

function retrainSentence(reason: RetrainReason, labels: AlarmLabels): string {
  switch (reason.because) {
    case 'error':
      return `Retrain: on ${labels.randomErrors.length} random labels the error is at least ${percent(reason.lowerBound)} (95 %), tolerated are ${percent(reason.tolerated)}.`;
    case 'cost':
      return 'Retrain: staleness has cost more by now than a retraining would.';
    case 'age':
      return 'Retrain: the model has reached its age limit.';
  }
}

/** Accuracy with bounds that hold at every moment at once, together at 95 %. */
export function accuracyOf(errors: readonly boolean[]): Alarm['accuracy'] {
  if (errors.length === 0) return null;
  const alpha = 0.025;
  return {
    right: errors.filter((wasWrong) => !wasWrong).length,
    of: errors.length,
    lower: lowerErrorBound(
      errors.map((wasWrong) => !wasWrong),
      alpha,
    ),
    upper: 1 - lowerErrorBound(errors, alpha),
  };
}

/** A share, 0 to 1, for people. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
