import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MethodName, methodList } from './methods.ts';
import { nets } from './nets.ts';
import { doubtsOf, repeated, verdicts } from './verdicts.ts';

const images = 10_000;

/** Answers of which the given images are wrong. */
const wrong = (from: number, to: number) => [
  Uint8Array.from({ length: images }, (_, at) => Number(at < from || at >= to)),
];

type Exceptions = Partial<Record<MethodName, readonly Uint8Array[]>>;

/** A net whose int8 forms lose nothing, with exceptions. */
function row(exceptions: Exceptions) {
  const right = wrong(0, 0);
  const int8 = new Map(methodList.map(([key]) => [key, exceptions[key] ?? right] as const));
  return { name: 'net', float: right, int8 };
}

function failures(exceptions: Exceptions) {
  return verdicts(row(exceptions))
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);
}

test('a net that loses nothing by any method fails nothing', () => {
  assert.deepEqual(failures({}), []);
});

test('each bound on a loss is seen', () => {
  assert.deepEqual(failures({ q8: wrong(0, 40) }), ['net: W8A8 trained, loss']);
  assert.deepEqual(failures({ q4: wrong(0, 60), q3: wrong(0, 140) }), ['net: W4A8 trained, loss']);
  assert.deepEqual(failures({ q3: wrong(0, 160) }), ['net: W3A8 trained, loss']);
});

test('what is below the plain way by more than chance fails', () => {
  assert.deepEqual(failures({ best: wrong(0, 20) }), [
    'net: W8A8 auto above quantize_static per tensor, upper end',
    'net: W8A8 auto above quantize_static per channel, upper end',
  ]);
  assert.deepEqual(failures({ best: wrong(0, 5) }), []);
});

test('what one interval alone puts below the plain way is left to other trainings', () => {
  const below = row({ best: wrong(0, 7), tensor: wrong(0, 2) });
  assert.deepEqual(failures({ best: wrong(0, 7), tensor: wrong(0, 2) }), []);
  const doubted = doubtsOf(below);
  assert.deepEqual(doubted, [
    { rivals: ['best', 'tensor'], about: 'below' },
    { rivals: ['best', 'channel'], about: 'below' },
  ]);
  assert.deepEqual(doubtsOf(row({ best: wrong(0, 3) })), []);
  const fails = (again: Exceptions) =>
    repeated(row(again), doubted.slice(0, 1)).filter(({ holds }) => !holds);
  assert.equal(fails({ best: wrong(0, 7) }).length, 1);
  assert.equal(fails({ best: wrong(0, 7), tensor: wrong(8, 12) }).length, 0);
});

test('a gain that is not certain where the plain way loses for certain is left to other trainings', () => {
  const nothing = row({ w4: wrong(0, 500), a4: wrong(0, 500) });
  const gain = [{ rivals: ['a4', 'w4'], about: 'gain' }] as const;
  assert.deepEqual(doubtsOf(nothing), gain);
  assert.deepEqual(failures({ w4: wrong(0, 500), a4: wrong(0, 500) }), []);
  assert.deepEqual(doubtsOf(row({ w4: wrong(0, 500), a4: wrong(0, 400) })), []);
  assert.deepEqual(doubtsOf(row({ channel: wrong(0, 20) })), []);
  const fails = (again: Exceptions) =>
    repeated(row(again), gain)
      .filter(({ holds }) => !holds)
      .map(({ name }) => name);
  assert.deepEqual(fails({ w4: wrong(0, 500), a4: wrong(0, 500) }), [
    'net: W4A8 AdaRound above W4A8 nearest, other trainings, lower end',
  ]);
  assert.deepEqual(fails({ w4: wrong(0, 500), a4: wrong(0, 400) }), []);
});

test('the intervals that hold together are as many as there are comparisons at eight bits', () => {
  assert.equal(nets.length * 2 * 2, 20);
});
