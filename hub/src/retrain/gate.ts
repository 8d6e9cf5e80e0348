/** Whether a challenger may take the champion's place. Pure: evidence in, verdict with figures out. */

/** What both models did on the same samples, and what the challenger costs. */
export interface GateEvidence {
  /** Random labels that the challenger was not trained on. */
  readonly pairs: readonly {
    readonly championIsRight: boolean;
    readonly challengerIsRight: boolean;
  }[];
  /** Accuracy (0-1) on the golden set. */
  readonly golden: {
    readonly champion: number;
    readonly challenger: number;
    /** Of how many samples; so few that one of them is more than `maxGoldenLoss` may lose that one. */
    readonly samples?: number;
  };
  readonly challengerSizeBytes?: number;
  /** Median latency on the slowest device class, ms. */
  readonly challengerLatencyMs?: number;
}

/** What is asked of a challenger. */
export interface GateRule {
  /** Default 100. */
  readonly minPairs?: number;
  /** Chance (0-1) of passing a challenger that is no better. Default 0.05. */
  readonly alpha?: number;
  /** Accuracy (0-1) it may lose on the golden set. Default 0.01. */
  readonly maxGoldenLoss?: number;
  readonly maxSizeBytes?: number;
  readonly maxLatencyMs?: number;
}

/** The figures a verdict rests on. */
export interface GateFigures {
  readonly pairs: number;
  readonly championAccuracy: number;
  readonly challengerAccuracy: number;
  /** Samples that only the challenger (only the champion) got right. */
  readonly wins: number;
  readonly losses: number;
  /** Exact one-sided McNemar probability of so many wins by chance, and of so many losses. */
  readonly pBetter: number;
  readonly pWorse: number;
  readonly goldenLoss: number;
  /** What of it is allowed. */
  readonly maxGoldenLoss: number;
}

/** Pass: roll out. Hold: gather more labels. Fail: do not roll out. */
export interface GateVerdict {
  readonly verdict: 'pass' | 'hold' | 'fail';
  readonly reasons: readonly GateReason[];
  readonly figures: GateFigures;
}

/** Why a challenger failed or is held. */
export type GateReason =
  | 'worse-on-labels'
  | 'worse-on-golden-set'
  | 'too-large'
  | 'too-slow'
  | 'too-few-labels'
  | 'not-shown-better';

/** Judges a challenger by the exact McNemar test (Psychometrika 12, 1947), golden set and budgets. */
export function judgeChallenger(evidence: GateEvidence, rule: GateRule = {}): GateVerdict {
  const { alpha = 0.05, minPairs = 100 } = rule;
  const figures = measure(evidence, rule);
  const failures = failuresOf(evidence, rule, figures);
  if (failures.length > 0) return { verdict: 'fail', reasons: failures, figures };
  if (figures.pairs < minPairs) return { verdict: 'hold', reasons: ['too-few-labels'], figures };
  return figures.pBetter <= alpha
    ? { verdict: 'pass', reasons: [], figures }
    : { verdict: 'hold', reasons: ['not-shown-better'], figures };
}

function failuresOf(evidence: GateEvidence, rule: GateRule, figures: GateFigures): GateReason[] {
  const { alpha = 0.05 } = rule;
  const { maxSizeBytes = Infinity, maxLatencyMs = Infinity } = rule;
  const failures: GateReason[] = [];
  if (figures.pWorse <= alpha) failures.push('worse-on-labels');
  // A hundred-thousandth of slack, so that 0.99 - 0.98 is one point.
  if (figures.goldenLoss > figures.maxGoldenLoss + 1e-5) failures.push('worse-on-golden-set');
  if ((evidence.challengerSizeBytes ?? 0) > maxSizeBytes) failures.push('too-large');
  if ((evidence.challengerLatencyMs ?? 0) > maxLatencyMs) failures.push('too-slow');
  return failures;
}

function measure({ pairs, golden }: GateEvidence, { maxGoldenLoss = 0.01 }: GateRule): GateFigures {
  let [champion, challenger, wins, losses] = [0, 0, 0, 0];
  for (const { championIsRight, challengerIsRight } of pairs) {
    if (championIsRight) champion += 1;
    if (challengerIsRight) challenger += 1;
    if (challengerIsRight && !championIsRight) wins += 1;
    if (championIsRight && !challengerIsRight) losses += 1;
  }
  return {
    pairs: pairs.length,
    championAccuracy: pairs.length === 0 ? 0 : champion / pairs.length,
    challengerAccuracy: pairs.length === 0 ? 0 : challenger / pairs.length,
    wins,
    losses,
    pBetter: fairCoinTail(wins, wins + losses),
    pWorse: fairCoinTail(losses, wins + losses),
    goldenLoss: golden.champion - golden.challenger,
    maxGoldenLoss: Math.max(maxGoldenLoss, 1 / (golden.samples || Number.POSITIVE_INFINITY)),
  };
}

/** P(X >= heads) for X ~ Binomial(tosses, 1/2). */
function fairCoinTail(heads: number, tosses: number): number {
  let logMass = -tosses * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= tosses; k++) {
    if (k >= heads) tail += Math.exp(logMass);
    logMass += Math.log((tosses - k) / (k + 1));
  }
  return Math.min(1, tail);
}
