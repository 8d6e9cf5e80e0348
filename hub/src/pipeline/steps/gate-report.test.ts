import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeChallenger } from '../../retrain/gate.ts';
import { firstReport, gateReport } from './gate-report.ts';

const accuracy = { fp32: 0.99, int8: [{ scheme: 'u8s8', accuracy: 0.988 } as const] };
const broken = { fp32: 0.99, int8: [{ scheme: 'u8s8', accuracy: 0.6 } as const] };
const golden = { champion: 0.99, challenger: 0.985 };
const pairs = (wins: number, ties: number) => [
  ...new Array(wins).fill({ championIsRight: false, challengerIsRight: true }),
  ...new Array(ties).fill({ championIsRight: true, challengerIsRight: true }),
];

test('a first version passes unless shrinking broke it', () => {
  assert.equal(firstReport(accuracy).verdict, 'first');
  assert.equal(firstReport(broken).verdict, 'fail');
});

test('a retrained version needs a hundred labels that show it is better', () => {
  const judge = (wins: number, ties: number) =>
    gateReport(judgeChallenger({ pairs: pairs(wins, ties), golden }), {
      ...{ kind: 'retrain', accuracy },
    }).verdict;
  assert.equal(judge(20, 90), 'pass');
  assert.equal(judge(20, 30), 'hold');
  assert.equal(judge(1, 120), 'hold');
});

test('whatever the labels say, a version that was broken by shrinking fails', () => {
  const verdict = judgeChallenger({ pairs: pairs(20, 90), golden });
  assert.equal(gateReport(verdict, { kind: 'retrain', accuracy: broken }).verdict, 'fail');
});

test('a fresh training without field labels is judged by the golden set', () => {
  const none = judgeChallenger({ pairs: [], golden });
  assert.equal(gateReport(none, { kind: 'train', accuracy }).verdict, 'pass');
  const worse = judgeChallenger({ pairs: [], golden: { champion: 0.99, challenger: 0.9 } });
  const report = gateReport(worse, { kind: 'train', accuracy });
  assert.equal(report.verdict, 'fail');
  assert.deepEqual(
    report.checks.map(({ name }) => name),
    ['int8', 'golden set'],
  );
  assert.match(report.checks.at(-1)?.sentence ?? '', /loses 9\.00 points/);
});

test('a golden set so small that one sample is more than a point may lose that one', () => {
  const after = (lost: number) => {
    const small = { champion: 1, challenger: 1 - lost / 50, samples: 50 };
    const verdict = judgeChallenger({ pairs: [], golden: small });
    return gateReport(verdict, { kind: 'train', accuracy });
  };
  assert.equal(after(1).verdict, 'pass');
  assert.match(after(1).checks.at(-1)?.sentence ?? '', /2\.00 points are allowed/);
  assert.equal(after(2).verdict, 'fail');
});
