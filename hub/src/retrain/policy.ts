/**
 * When to put data aside, ask for labels, or retrain. A pure function over recorded facts: harmless
 * drift is detected as surely as fatal drift, so drift only asks for labels; evidence of lost
 * accuracy, cost or age retrains.
 */
import { lowerErrorBound } from './error-bound.ts';

/** What has been recorded about one model in service. */
export interface RetrainFacts {
  readonly nowMs: number;
  /** When the model in service was trained. */
  readonly trainedAtMs: number;
  /** Open faults of the data. */
  readonly faults: readonly {
    readonly deviceId: string;
    readonly feature: string;
    readonly pattern: string;
  }[];
  /** Open drift alarms. */
  readonly drifts: readonly {
    readonly alarmId: string;
    readonly devices: readonly string[];
    /** Whether labels have been asked for. */
    readonly isAnswered: boolean;
  }[];
  /** Whether the model was wrong, per label of the random half, in the order they were given. */
  readonly randomLabels: readonly boolean[];
  /** Spans served since the model was trained, for the cost of staleness. */
  readonly served: readonly {
    readonly predictions: number;
    /** Error rate above the accepted one, as estimated from labels (0-1). */
    readonly excessError: number;
  }[];
  /** The last retraining of this model, if there was one. */
  readonly lastAttempt?: {
    readonly startedAtMs: number;
    /** Random labels it had. */
    readonly randomLabels: number;
  };
}

/** What an operator decides. */
export interface RetrainPolicy {
  /** Labels asked for per alarm, at most 1,000. Default 1,000. */
  readonly labelBudget?: number;
  /** Error rate of the model when it was accepted (0-1). */
  readonly acceptedError: number;
  /** Loss that is tolerated (0-1). Default 0.02. */
  readonly errorMargin?: number;
  /** Chance (0-1) of retraining although the error is within the margin. Default 0.05. */
  readonly alpha?: number;
  /** Cost of one wrong prediction and of one retraining with its rollout, in one unit. Default: not weighed. */
  readonly cost?: { readonly perError: number; readonly perRetraining: number };
  /** Oldest a model may grow, ms. Default: any age. */
  readonly maxAgeMs?: number;
  /** Time between two retrainings, ms. Default one hour. */
  readonly coolDownMs?: number;
  /** New random labels that a second attempt on the same model needs. Default 100. */
  readonly minNewLabels?: number;
}

/** What to do, with the reason and its figures. */
export type RetrainDecision =
  | {
      readonly kind: 'quarantine';
      readonly deviceId: string;
      readonly faults: readonly { readonly feature: string; readonly pattern: string }[];
    }
  | {
      readonly kind: 'request-labels';
      readonly alarmId: string;
      readonly requests: readonly LabelRequest[];
    }
  | { readonly kind: 'retrain'; readonly reason: RetrainReason }
  | { readonly kind: 'wait'; readonly reason: WaitReason };

/** How many samples one device is asked for. */
export interface LabelRequest {
  readonly deviceId: string;
  /** Drawn at random: they keep the estimate of the error unbiased. */
  readonly random: number;
  /** With the lowest margin between the two largest probabilities. */
  readonly lowestMargin: number;
}

/** Why a model is retrained. */
export type RetrainReason =
  | { readonly because: 'error'; readonly lowerBound: number; readonly tolerated: number }
  | { readonly because: 'cost'; readonly stalenessCost: number; readonly retrainCost: number }
  | { readonly because: 'age'; readonly ageMs: number; readonly maxAgeMs: number };

/** Why a model that has a reason is not retrained yet. */
export type WaitReason =
  | { readonly because: 'cool-down'; readonly untilMs: number }
  | { readonly because: 'same-evidence'; readonly newLabels: number; readonly needed: number };

const hourMs = 3_600_000;
const maxLabelBudget = 1000;

/** The decisions that the facts call for; none when all is well. */
export function decideRetraining(
  facts: RetrainFacts,
  policy: RetrainPolicy,
): readonly RetrainDecision[] {
  const quarantined = quarantines(facts);
  const faulty = new Set(quarantined.map(({ deviceId }) => deviceId));
  const decisions: RetrainDecision[] = [...quarantined, ...labelRequests(facts, policy, faulty)];
  const reason = retrainReason(facts, policy);
  if (reason === undefined) return decisions;
  const wait = waitReason(facts, policy, reason);
  decisions.push(wait ? { kind: 'wait', reason: wait } : { kind: 'retrain', reason });
  return decisions;
}

function quarantines({ faults }: RetrainFacts) {
  return [...Map.groupBy(faults, ({ deviceId }) => deviceId)].map(([deviceId, own]) => ({
    kind: 'quarantine' as const,
    deviceId,
    faults: own.map(({ feature, pattern }) => ({ feature, pattern })),
  }));
}

function labelRequests(
  { drifts }: RetrainFacts,
  policy: RetrainPolicy,
  faulty: ReadonlySet<string>,
): readonly RetrainDecision[] {
  const budget = Math.min(maxLabelBudget, policy.labelBudget ?? maxLabelBudget);
  return drifts.flatMap(({ alarmId, devices, isAnswered }) => {
    const asked = devices.filter((deviceId) => !faulty.has(deviceId));
    const share = Math.floor(budget / asked.length);
    if (isAnswered || asked.length === 0 || share === 0) return [];
    const random = Math.ceil(share / 2);
    const requests = asked.map((deviceId) => ({ deviceId, random, lowestMargin: share - random }));
    return [{ kind: 'request-labels' as const, alarmId, requests }];
  });
}

function retrainReason(facts: RetrainFacts, policy: RetrainPolicy): RetrainReason | undefined {
  const { acceptedError, errorMargin = 0.02, alpha = 0.05, cost, maxAgeMs } = policy;
  const tolerated = acceptedError + errorMargin;
  const lowerBound = lowerErrorBound(facts.randomLabels, alpha);
  if (lowerBound > tolerated) return { because: 'error', lowerBound, tolerated };
  if (cost !== undefined) {
    const stalenessCost = facts.served.reduce(
      (sum, { predictions, excessError }) => sum + predictions * excessError * cost.perError,
      0,
    );
    if (stalenessCost > cost.perRetraining) {
      return { because: 'cost', stalenessCost, retrainCost: cost.perRetraining };
    }
  }
  const ageMs = facts.nowMs - facts.trainedAtMs;
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) return { because: 'age', ageMs, maxAgeMs };
  return undefined;
}

function waitReason(
  { nowMs, lastAttempt, randomLabels }: RetrainFacts,
  { coolDownMs = hourMs, minNewLabels = 100 }: RetrainPolicy,
  reason: RetrainReason,
): WaitReason | undefined {
  if (lastAttempt === undefined) return undefined;
  const untilMs = lastAttempt.startedAtMs + coolDownMs;
  if (nowMs < untilMs) return { because: 'cool-down', untilMs };
  const newLabels = randomLabels.length - lastAttempt.randomLabels;
  return reason.because === 'error' && newLabels < minNewLabels
    ? { because: 'same-evidence', newLabels, needed: minNewLabels }
    : undefined;
}
