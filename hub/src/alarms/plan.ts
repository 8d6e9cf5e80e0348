/**
 * Decides how an alarm moves on: ask for labels, wait for them, retrain on evidence, roll out what
 * passed its gate, close. Pure: it is asked again whenever a label, run or rollout changes.
 */
import { minutes, seconds } from '@edgewise/protocol';
import type { Alarm } from '@edgewise/protocol/http';
import type { AlarmLabels } from '../labels/field-sample-records.ts';
import type { AlarmRecord } from './alarm-records.ts';
import { accuracyOf, consult, percent, reasonSentence } from './consult.ts';
import type { RenewalFacts } from './renewal-facts.ts';
import { isFault } from './sentence.ts';
import type { Step } from './step.ts';

/** Waiting times of a renewal. */
export interface RenewalRules {
  /** Devices that drift together are gathered for this long before anybody is asked. */
  readonly gatherMs: number;
  /** Labels count as complete when none is waiting and none came for this long. */
  readonly quietMs: number;
  /** A device that could not be asked is asked again after this. */
  readonly retryMs: number;
  /** Time between two retrainings for one alarm. */
  readonly coolDownMs: number;
}

/** Defaults of the waiting times. */
export const renewalRules: RenewalRules = {
  gatherMs: seconds(5),
  quietMs: seconds(10),
  retryMs: seconds(20),
  coolDownMs: minutes(60),
};

/** Share of the asked labels (0 to 1) that is enough. */
const matureShare = 0.9;
/** Random labels that the gate needs. */
const gateLabels = 100;

/** The steps that are due now; empty: wait. */
export function planRenewal(
  record: AlarmRecord,
  facts: RenewalFacts,
  rules: RenewalRules,
): readonly Step[] {
  const counted = count(record.alarm, facts.labels);
  switch (record.alarm.status) {
    case 'open':
      return whenOpen(record, facts, rules);
    case 'labelling':
      return [
        ...counted,
        ...captures(record, facts, rules),
        ...whenLabelling(record, facts, rules),
      ];
    case 'retraining':
      return [...counted, ...whenRetraining(record, facts)];
    case 'rolling-out':
      return whenRollingOut(facts);
    case 'resolved':
    case 'dismissed':
      return [];
  }
}

function count({ labelsGiven, accuracy }: Alarm, labels: AlarmLabels): readonly Step[] {
  const of = labels.randomErrors.length;
  if (labels.labelled === labelsGiven && (accuracy?.of ?? 0) === of) return [];
  return [{ name: 'count', given: labels.labelled, accuracy: accuracyOf(labels.randomErrors) }];
}

function whenOpen(
  record: AlarmRecord,
  facts: RenewalFacts,
  { gatherMs }: RenewalRules,
): readonly Step[] {
  const { alarm } = record;
  if (alarm.decisions.length > 0 && record.asks.length > 0) return [];
  if (facts.nowMs - alarm.openedAtMs < gatherMs) return [];
  const decisions = consult(record, facts, { isAnswered: false });
  const request = decisions.find((decision) => decision.kind === 'request-labels');
  if (request === undefined) return once(alarm, quarantineSentence(alarm));
  const asks = request.requests.map(({ deviceId, random, lowestMargin }) => ({
    ...{ device: deviceId, random, uncertain: lowestMargin },
  }));
  const total = asks.reduce((sum, { random, uncertain }) => sum + random + uncertain, 0);
  const names = asks.map(({ device }) => device).join(', ');
  const sentence = `Drift asks for labels before anything else: ${total} samples, half of them random, from ${names}.`;
  return [{ name: 'request', asks, sentence }];
}

function quarantineSentence({ labelsAsked, findings }: Alarm): string {
  return findings.every(({ pattern }) => isFault(pattern))
    ? 'The data are at fault, not the model: repair the sensor; nothing is learnt from them.'
    : `No labels are asked for: the budget is ${labelsAsked}.`;
}

function captures(
  { asks, alarm }: AlarmRecord,
  { nowMs, online }: RenewalFacts,
  { retryMs }: RenewalRules,
): readonly Step[] {
  return asks
    .filter(({ status }) => status === 'pending')
    .filter(({ device }) => online.has(device))
    .filter(({ triedAtMs }) => triedAtMs === null || nowMs - triedAtMs >= retryMs)
    .map(({ device, random, uncertain }) => ({
      ...{ name: 'capture', device, model: alarm.model, random, uncertain },
    }));
}

function whenLabelling(
  record: AlarmRecord,
  facts: RenewalFacts,
  rules: RenewalRules,
): readonly Step[] {
  if (!areMature(record, facts, rules)) return [];
  const { alarm } = record;
  const decision = consult(record, facts, { isAnswered: true, coolDownMs: rules.coolDownMs }).find(
    ({ kind }) => kind === 'retrain' || kind === 'wait',
  );
  if (decision === undefined) return harmless(facts);
  const sentence = reasonSentence(decision, facts);
  if (decision.kind === 'wait') return once(alarm, sentence);
  if (!facts.policies.autoRetrain) {
    return once(
      alarm,
      `${sentence} Start a retraining for this alarm; the policy leaves it to you.`,
    );
  }
  return [{ name: 'retrain', sentence, randomLabels: facts.labels.randomErrors.length }];
}

function areMature(
  { alarm, asks }: AlarmRecord,
  { labels, nowMs }: RenewalFacts,
  { quietMs }: RenewalRules,
): boolean {
  if (labels.gate < gateLabels) return false;
  const answered = labels.labelled + labels.skipped;
  if (answered >= matureShare * alarm.labelsAsked) return true;
  if (answered < labels.received) return false;
  const isQuiet = nowMs - (labels.changedAtMs ?? nowMs) >= quietMs;
  const areAsked = asks.every(({ status }) => status === 'sent');
  // Two cameras that see the same offer the same sample: fewer come than were asked for.
  return areAsked && (isQuiet || labels.handled >= alarm.labelsAsked);
}

function harmless({ labels, policies }: RenewalFacts): readonly Step[] {
  const accuracy = accuracyOf(labels.randomErrors);
  const shown =
    accuracy === null ? '' : ` (${accuracy.right} of ${accuracy.of} random labels right)`;
  const sentence = `The change does not cost more than the tolerated ${percent(policies.toleratedLoss)} of accuracy${shown}: no retraining. The devices learn a new baseline.`;
  return [{ name: 'close', status: 'resolved', sentence, relearn: true }];
}

function whenRetraining(
  { alarm, challenger: known }: AlarmRecord,
  { run, challenger, policies, rollout }: RenewalFacts,
): readonly Step[] {
  if (run === undefined || run.status === 'queued' || run.status === 'running') return [];
  if (run.status !== 'done' || challenger === undefined) {
    const detail = run.error?.detail ?? 'it was stopped';
    const sentence = `The retraining ${run.id} did not end well: ${detail}`;
    return [{ name: 'judge', challenger: null, status: 'labelling', sentence }];
  }
  const { verdict, checks } = challenger.gate;
  const version = challenger.version;
  if (verdict === 'fail' || verdict === 'hold') {
    const why = checks.filter(({ ok }) => !ok).map(({ sentence }) => sentence);
    const sentence = `Version ${version} did not pass its gate (${verdict}): ${why.join(' ')}`;
    return [{ name: 'judge', challenger: version, status: 'labelling', sentence }];
  }
  if (rollout !== undefined || policies.autoRetrain) {
    const sentence = `Version ${version} passed its gate and is rolled out.`;
    return [{ name: 'rollOut', version, sentence }];
  }
  if (known === version) return [];
  const sentence = `Version ${version} passed its gate. Roll it out; the policy leaves it to you.`;
  return [{ name: 'judge', challenger: version, status: alarm.status, sentence }];
}

function whenRollingOut({ rollout }: RenewalFacts): readonly Step[] {
  if (rollout === undefined || rollout.status === 'running') return [];
  if (rollout.status === 'done') {
    const sentence = `Version ${rollout.version} serves; its devices begin a new baseline.`;
    return [{ name: 'close', status: 'resolved', sentence, relearn: false }];
  }
  const sentence = `The rollout of version ${rollout.version} is ${rollout.status}: ${rollout.reason ?? 'no reason given'}`;
  return [{ name: 'close', status: 'open', sentence, relearn: false }];
}

/** A decision that has not just been recorded. */
function once({ decisions }: Alarm, sentence: string): readonly Step[] {
  return decisions.some((known) => known.sentence === sentence)
    ? []
    : [{ name: 'decide', sentence }];
}
