import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readModelRecipe, readRecipe } from '@edgewise/models/train';
import type { SweepSpec } from '@edgewise/protocol/http';
import fc from 'fast-check';
import { tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import { drawTrials } from './draw.ts';
import { layOut } from './lay-out.ts';

const recipe = readRecipe(tinyRecipe);
const lay = (spec: SweepSpec) =>
  layOut(recipe, spec, (document) => Promise.resolve().then(() => readModelRecipe(document)));

test('a grid tries every combination, in order, each as a recipe of its own', async () => {
  const { trials, rungs } = await lay({
    method: 'grid',
    parameters: {
      'optimizer.rate': { low: 0.001, high: 0.1, scale: 'log', count: 3 },
      'layers.0.filters': { values: [4, 8] },
    },
  });
  assert.deepEqual(
    trials.map(({ parameters }) => Object.values(parameters)),
    [
      ...[
        [0.001, 4],
        [0.001, 8],
        [0.01, 4],
      ],
      ...[
        [0.01, 8],
        [0.1, 4],
        [0.1, 8],
      ],
    ],
  );
  const changed = trials[1]?.recipe;
  assert.ok(changed !== undefined && 'layers' in changed);
  assert.deepEqual(
    [changed.optimizer.rate, changed.layers[0]],
    [0.001, { kind: 'conv', filters: 8, kernel: 3 }],
  );
  assert.deepEqual(rungs, [{ trials: 6, epochs: 4 }]);
  assert.equal(recipe.optimizer.rate, 0.01);
});

test('the example sweep fits the example recipe', async () => {
  const example = (name: string): unknown =>
    JSON.parse(
      readFileSync(new URL(`../../../models/recipes/${name}.json`, import.meta.url), 'utf8'),
    );
  const { trials, rungs } = await layOut(
    readRecipe(example('digits')),
    example('digits-sweep') as SweepSpec,
    (document) => Promise.resolve(readModelRecipe(document)),
  );
  assert.equal(trials.length, 9);
  assert.ok(rungs.length > 1);
});

test('a whole part may be a value', async () => {
  const sgd = { kind: 'sgd', rate: 0.1 };
  const { trials } = await lay({ method: 'grid', parameters: { optimizer: { values: [sgd] } } });
  assert.deepEqual(trials[0]?.recipe.optimizer, sgd);
});

test('the same seed draws the same, another parameter leaves the rest as it was', () => {
  const rate = { 'optimizer.rate': { low: 0.001, high: 0.1, scale: 'log' } } as const;
  const spec: SweepSpec = { method: 'random', parameters: rate, trials: 5 };
  assert.deepEqual(drawTrials(spec), drawTrials(spec));
  assert.notDeepEqual(drawTrials({ ...spec, seed: 2 }), drawTrials(spec));
  const more = { ...rate, 'layers.0.filters': { low: 2, high: 64, integer: true } };
  assert.deepEqual(
    drawTrials({ ...spec, parameters: more }).map((drawn) => drawn['optimizer.rate']),
    drawTrials(spec).map((drawn) => drawn['optimizer.rate']),
  );
});

test('drawn numbers stay in their range, whole where they are to be, and differ between trials', () => {
  const range = fc.record({
    low: fc.integer({ min: 1, max: 50 }),
    size: fc.integer({ min: 30, max: 900 }),
  });
  fc.assert(
    fc.property(range, fc.boolean(), fc.nat(1000), ({ low, size }, isLog, seed) => {
      const high = low + size;
      const parameters = {
        a: { low, high, scale: isLog ? 'log' : 'linear', integer: true },
      } as const;
      const drawn = drawTrials({ method: 'random', parameters, trials: 10, seed });
      const numbers = drawn.map(({ a }) => a as number);
      return (
        new Set(numbers).size === 10 &&
        numbers.every((value) => Number.isInteger(value) && value >= low && value <= high)
      );
    }),
    { numRuns: 50, seed: 1 },
  );
});

test('of few whole numbers each is drawn alike, the ends of the range too', () => {
  const counts = [0, 0, 0];
  for (let seed = 0; seed < 600; seed++) {
    const parameters = { layers: { low: 1, high: 3, integer: true } };
    const [first] = drawTrials({ method: 'random', parameters, trials: 2, seed });
    const drawn = first?.layers as number;
    counts[drawn - 1] = (counts[drawn - 1] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(count > 150 && count < 250, counts.join());
});

test('every combination there is can be asked for', () => {
  const values = Array.from({ length: 50 }, (_, at) => at);
  const parameters = { a: { values }, b: { low: 1, high: 10, integer: true } };
  for (let seed = 0; seed < 10; seed++) {
    assert.equal(drawTrials({ method: 'random', parameters, trials: 500, seed }).length, 500);
  }
  assert.throws(
    () => drawTrials({ method: 'random', parameters: { a: { values: [1, 1, 2] } }, trials: 3 }),
    /only 2 combinations; ask for 2/,
  );
});

test('a grid tries a value that is given twice once', () => {
  const parameters = { a: { values: [1, { b: 2 }, 1, { b: 2 }] } };
  assert.deepEqual(drawTrials({ method: 'grid', parameters }), [{ a: 1 }, { a: { b: 2 } }]);
});

test('a log scale draws every order of magnitude alike', () => {
  const drawn = drawTrials({
    ...{ method: 'random', trials: 400 },
    parameters: { rate: { low: 1e-4, high: 1, scale: 'log' } },
  });
  const decades = [0, 0, 0, 0];
  for (const { rate } of drawn) {
    const decade = Math.min(3, Math.floor(Math.log10(rate as number) + 4));
    decades[decade] = (decades[decade] ?? 0) + 1;
  }
  for (const count of decades) assert.ok(count > 70 && count < 130, decades.join());
});

const rate = { 'optimizer.rate': { values: [0.1, 0.01] } };
const refusals: readonly (readonly [string, SweepSpec, RegExp])[] = [
  [
    'a place that names nothing',
    { method: 'grid', parameters: { 'optimizer.rat': { values: [1] } } },
    /"optimizer\.rat" names nothing in the recipe: there is no "rat", but kind, rate/,
  ],
  [
    'a layer that does not exist',
    { method: 'grid', parameters: { 'layers.9.filters': { values: [1] } } },
    /there is no "9", but 0, 1, 2/,
  ],
  [
    'a value that makes a faulty recipe',
    { method: 'grid', parameters: { 'optimizer.rate': { values: [0.1, -1] } } },
    /The sweep tries "optimizer\.rate" = -1: The optimizer \(adam\): "rate" must be/,
  ],
  [
    'a layer that does not fit',
    { method: 'grid', parameters: { 'layers.2.size': { values: [2, 40] } } },
    /The sweep tries "layers\.2\.size" = 40: Layer 2 \(maxpool\)/,
  ],
  [
    'the length of a list',
    { method: 'grid', parameters: { 'layers.length': { values: [2, 1e9] } } },
    /"layers\.length" names nothing in the recipe: there is no "length", but 0, 1, 2/,
  ],
  [
    'a name that every object has',
    { method: 'grid', parameters: { constructor: { values: [1] } } },
    /"constructor" names nothing in the recipe/,
  ],
  ['the seed', { method: 'grid', parameters: { seed: { values: [1, 2] } } }, /share one seed/],
  [
    'epochs of a halving',
    { method: 'halving', parameters: { epochs: { values: [1, 2] } }, trials: 2 },
    /halving decides how long/,
  ],
  [
    'bits of a halving',
    { method: 'halving', parameters: { 'quantization.weightBits': { values: [4, 8] } }, trials: 2 },
    /take the method "grid" or "random"/,
  ],
  [
    'a setting that the recipe leaves to its default',
    { method: 'grid', parameters: { 'quantization.weightBits': { values: [4, 8] } } },
    /"quantization\.weightBits" names nothing .*must be written into the recipe to be varied/,
  ],
  [
    'places within each other',
    { method: 'grid', parameters: { ...rate, optimizer: { values: [{}] } } },
    /"optimizer" and "optimizer\.rate" within it/,
  ],
  [
    'a range without an end',
    { method: 'random', parameters: { epochs: { low: 1 } }, trials: 2 },
    /"low" and "high"/,
  ],
  [
    'a grid over a range without a count',
    { method: 'grid', parameters: { 'optimizer.rate': { low: 0.1, high: 0.2 } } },
    /lacks "count"/,
  ],
  ['a grid with trials', { method: 'grid', parameters: rate, trials: 3 }, /no "trials"/],
  ['a draw without trials', { method: 'random', parameters: rate }, /lacks "trials"/],
  [
    'more trials than combinations',
    { method: 'random', parameters: rate, trials: 3 },
    /only 2 combinations/,
  ],
  [
    'a log scale from zero',
    {
      method: 'random',
      parameters: { 'optimizer.rate': { low: 0, high: 1, scale: 'log' } },
      trials: 2,
    },
    /its low must be above 0/,
  ],
  [
    'eta of a grid',
    { method: 'grid', parameters: rate, eta: 3 },
    /"eta" belongs to the method "halving"/,
  ],
  [
    'a grid without end',
    {
      method: 'grid',
      parameters: {
        epochs: { low: 0, high: 1, count: 100 },
        batchSize: { low: 0, high: 1, count: 100 },
      },
    },
    /10000 combinations; at most 500/,
  ],
  ['no parameters', { method: 'grid', parameters: {} }, /names no place/],
];

for (const [name, spec, message] of refusals) {
  test(`${name}: refused`, async () => {
    await assert.rejects(lay(spec), message);
  });
}
