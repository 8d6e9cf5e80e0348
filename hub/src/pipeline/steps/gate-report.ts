import type { Scheme } from '@edgewise/models/plan';
import type { GateReport } from '@edgewise/protocol/http';
import type { GateVerdict } from '../../retrain/gate.ts';

/** What was measured on the test part. */
export interface MeasuredAccuracy {
  readonly fp32: number;
  readonly int8: readonly { readonly scheme: Scheme; readonly accuracy: number }[];
}

/** Accuracy (0-1) that shrinking may cost. */
const toleratedShrinkLoss = 0.01;

/** A version without a champion: nothing to beat, but shrinking must not have broken it. */
export function firstReport(accuracy: MeasuredAccuracy): GateReport {
  const check = shrinkCheck(accuracy);
  return { verdict: check.ok ? 'first' : 'fail', checks: [check] };
}

/** The verdict on a challenger, with one sentence for each figure it rests on. */
export function gateReport(
  { verdict, reasons, figures }: GateVerdict,
  run: { readonly kind: 'train' | 'retrain'; readonly accuracy: MeasuredAccuracy },
): GateReport {
  const shrunk = shrinkCheck(run.accuracy);
  const golden = {
    name: 'golden set',
    ok: !reasons.includes('worse-on-golden-set'),
    sentence: `It loses ${points(figures.goldenLoss)} on the golden set; ${points(figures.maxGoldenLoss)} are allowed.`,
  };
  // A training from scratch owes nothing to the field; without enough labels the golden set decides.
  const isFresh =
    run.kind === 'train' && (figures.pairs === 0 || reasons.includes('too-few-labels'));
  if (isFresh) {
    return { verdict: shrunk.ok && golden.ok ? 'pass' : 'fail', checks: [shrunk, golden] };
  }
  const labels = {
    name: 'field labels',
    ok: verdict === 'pass',
    sentence:
      `On ${figures.pairs} random labels that it was not trained on it is right in ${percent(figures.challengerAccuracy)}, ` +
      `the champion in ${percent(figures.championAccuracy)}: it wins ${figures.wins} and loses ${figures.losses} ` +
      `(McNemar p ${figures.pBetter.toPrecision(2)}).`,
  };
  return { verdict: shrunk.ok ? verdict : 'fail', checks: [shrunk, labels, golden] };
}

function shrinkCheck({ fp32, int8 }: MeasuredAccuracy): GateReport['checks'][number] {
  const worst = int8.reduce((least, { accuracy }) => Math.min(least, accuracy), 1);
  const loss = fp32 - worst;
  return {
    name: 'int8',
    ok: int8.length > 0 && loss <= toleratedShrinkLoss,
    sentence: `Shrunk it is right in ${percent(worst)} of the test part, in float ${percent(fp32)}.`,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const points = (share: number): string => `${(share * 100).toFixed(2)} points`;
