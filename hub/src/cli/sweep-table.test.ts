import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sweep, Trial } from '@edgewise/protocol/http';
import { sweepTable } from './sweep-table.ts';

const digest = 'a'.repeat(64);

function aTrial(number: number, rate: number, change: Partial<Trial>): Trial {
  return {
    ...{ number, recipe: digest, status: 'done', progress: 1, results: [], error: null },
    ...{ parameters: { 'optimizer.rate': rate }, ...change },
  };
}

function aSweep(trials: Trial[], best: number | null): Sweep {
  return {
    ...{ id: 'sweep-1', model: 'digits', recipe: digest, snapshot: digest, seed: 1, trials, best },
    spec: { method: 'grid', parameters: { 'optimizer.rate': { values: [0.1, 0.01] } } },
    ...{ status: 'done', rungs: [{ trials: 3, epochs: 4 }], run: null, error: null },
    ...{ createdAtMs: 1, finishedAtMs: 2 },
  };
}

test('a table of trials has what was varied, what was found and how long it took, the best first', () => {
  const found = (accuracy: number) => [{ epochs: 4, accuracy, loss: 1 - accuracy }];
  const trials = [
    aTrial(1, 0.1, { results: found(0.5), trainedMs: 4200 }),
    aTrial(2, 0.01, { results: found(0.75), trainedMs: 150_000 }),
    aTrial(3, 10, {
      status: 'failed',
      error: { code: 'invalid-argument', detail: 'It diverged.' },
    }),
  ];
  assert.deepEqual(
    sweepTable(aSweep(trials, 2))
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/)),
    [
      ['trial', 'optimizer.rate', 'accuracy', 'loss', 'epochs', 'time', 'status'],
      ['2', '0.01', '75.00 %', '0.2500', '4', '2.5 min', 'done', 'best'],
      ['1', '0.1', '50.00 %', '0.5000', '4', '4.2 s', 'done'],
      ['3', '10', '-', '-', '-', '-', 'failed', '[invalid-argument] It diverged.'],
    ],
  );
});
