import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GateEvidence, judgeChallenger } from './gate.ts';

/** Samples both got right, only the challenger, only the champion. */
function evidence(
  both: number,
  wins: number,
  losses: number,
  changes: Partial<GateEvidence> = {},
): GateEvidence {
  const pair = (championIsRight: boolean, challengerIsRight: boolean) => ({
    championIsRight,
    challengerIsRight,
  });
  return {
    pairs: [
      ...new Array(both).fill(pair(true, true)),
      ...new Array(wins).fill(pair(false, true)),
      ...new Array(losses).fill(pair(true, false)),
    ],
    golden: { champion: 0.987, challenger: 0.985 },
    ...changes,
  };
}

test('a challenger that wins clearly on enough labels passes, with its figures', () => {
  const { verdict, figures } = judgeChallenger(evidence(91, 8, 1));
  assert.equal(verdict, 'pass');
  assert.equal(figures.pairs, 100);
});

test('the McNemar probability is that of a fair coin', () => {
  const { figures } = judgeChallenger(evidence(100, 8, 2));
  assert.ok(Math.abs(figures.pBetter - 56 / 1024) < 1e-12);
  assert.ok(Math.abs(figures.pWorse - 1013 / 1024) < 1e-12);
  const none = judgeChallenger(evidence(100, 0, 0)).figures;
  assert.equal(none.pBetter, 1);
});

test('a large difference keeps its probability', () => {
  const { figures } = judgeChallenger(evidence(200, 1500, 100));
  assert.ok(figures.pBetter >= 0 && figures.pBetter < 1e-100);
  assert.ok(Math.abs(figures.pWorse - 1) < 1e-9);
});

test('fewer than 100 labels, or no clear difference, hold', () => {
  assert.deepEqual(judgeChallenger(evidence(50, 20, 0)).reasons, ['too-few-labels']);
  assert.deepEqual(judgeChallenger(evidence(100, 5, 4)).reasons, ['not-shown-better']);
});

test('each failure is named', () => {
  const cases: readonly [GateEvidence, Parameters<typeof judgeChallenger>[1], string][] = [
    [evidence(100, 1, 9), {}, 'worse-on-labels'],
    [
      evidence(100, 20, 1, { golden: { champion: 0.987, challenger: 0.97 } }),
      {},
      'worse-on-golden-set',
    ],
    [evidence(100, 20, 1, { challengerSizeBytes: 200 }), { maxSizeBytes: 100 }, 'too-large'],
    [evidence(100, 20, 1, { challengerLatencyMs: 20 }), { maxLatencyMs: 10 }, 'too-slow'],
  ];
  for (const [given, rule, reason] of cases) {
    const { verdict, reasons } = judgeChallenger(given, rule);
    assert.equal(verdict, 'fail');
    assert.deepEqual(reasons, [reason]);
  }
});

test('a loss of exactly one point on the golden set is allowed', () => {
  const golden = { champion: 0.99, challenger: 0.98 };
  assert.equal(judgeChallenger(evidence(100, 20, 1, { golden })).verdict, 'pass');
});
