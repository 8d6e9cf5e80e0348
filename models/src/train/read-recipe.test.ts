import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { readRecipe } from './read-recipe.ts';

const digits = JSON.parse(
  readFileSync(new URL('../../recipes/digits.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { readonly layers: readonly object[] };

for (const name of ['digits', 'depthwise', 'mobilenet', 'series', 'vectors']) {
  test(`the ${name} recipe is read as it stands`, () => {
    const url = new URL(`../../recipes/${name}.json`, import.meta.url);
    const document: unknown = JSON.parse(readFileSync(url, 'utf8'));
    assert.deepEqual(readRecipe(document), document);
  });
}

test('a recipe may be trained on for few bits', () => {
  const quantization = { weightBits: 4, epochs: 1, rate: 0.001 };
  assert.deepEqual(readRecipe({ ...digits, quantization }).quantization, quantization);
});

test('layers that are unrolled over time cannot be trained for few bits', () => {
  const url = new URL('../../recipes/series.json', import.meta.url);
  const series = JSON.parse(readFileSync(url, 'utf8'));
  const quantization = { weightBits: 8, epochs: 1 };
  assert.throws(
    () => readRecipe({ ...series, quantization }),
    /Layer \d+ \(gru\): "quantization" cannot/,
  );
});

const faults: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'a number of bits that there is not',
    { ...digits, quantization: { weightBits: 5, epochs: 1 } },
    /"quantization.weightBits" must be one of 8, 4, 3, 2/,
  ],
  [
    'an unknown layer',
    withLayer(2, { kind: 'pooling' }),
    /Layer 2 has the unknown kind "pooling"; allowed are conv, conv1d, depthwise, .*residual\./,
  ],
  ['a layer without kind', withLayer(1, {}), /Layer 1 has no kind; allowed are conv/],
  [
    'a layer that lacks a field',
    withLayer(0, { kind: 'conv', filters: 8 }),
    /Layer 0 \(conv\): it lacks kernel/,
  ],
  [
    'a layer with a field too many',
    withLayer(0, { kind: 'conv', filters: 8, kernel: 3, size: 2 }),
    /Layer 0 \(conv\): it has unknown fields: size/,
  ],
  [
    'a number out of range',
    withLayer(0, { kind: 'conv', filters: 0, kernel: 3 }),
    /Layer 0 \(conv\): "filters" must be >= 1/,
  ],
  [
    'a word that is not allowed',
    withLayer(0, { kind: 'conv', filters: 8, kernel: 3, padding: 'full' }),
    /Layer 0 \(conv\): "padding" must be one of same, valid/,
  ],
  [
    'a dense layer on an image',
    withLayer(6, { kind: 'relu' }),
    /Layer 7 \(dense\) does not fit: it needs a flat vector, .* \[32, 7, 7\]; put a flatten/,
  ],
  [
    'a window larger than its input',
    withLayer(2, { kind: 'maxpool', size: 40 }),
    /Layer 2 \(maxpool\) does not fit: its window of 40 does not fit into 28 x 28/,
  ],
  [
    'groups that do not divide the channels',
    withLayer(3, { kind: 'conv', filters: 32, kernel: 3, groups: 3 }),
    /Layer 3 \(conv\) does not fit: groups 3 must divide 16 channels and 32 filters/,
  ],
  [
    'a network without classes at its end',
    withLayer(9, { kind: 'dense', units: 1 }),
    /Layer 9 \(dense\) ends the network with \[1\]; a classification ends with a dense layer/,
  ],
  [
    'an unknown optimizer',
    { ...digits, optimizer: { kind: 'lion', rate: 1 } },
    /The optimizer has the unknown kind "lion"; allowed are sgd, adam\./,
  ],
  [
    'a schedule that lacks a field',
    { ...digits, schedule: { kind: 'step', factor: 0.5 } },
    /The schedule \(step\): it lacks everyEpochs/,
  ],
  ['an unknown loss', { ...digits, loss: 'hinge' }, /"loss" must be one of softmax-cross-entropy/],
  ['no layers', { ...digits, layers: [] }, /"layers" must not have fewer than 1 items/],
  ['a fractional batch', { ...digits, batchSize: 1.5 }, /"batchSize" must be integer/],
  ['a layer that is no object', { ...digits, layers: [5] }, /"layers\.0"/],
  [
    'augmentation of what is no image',
    {
      ...digits,
      input: { shape: [9], dtype: 'float32', scale: 1 },
      layers: [{ kind: 'dense', units: 2 }],
      augmentation: { noise: 1, mirror: true },
    },
    /"augmentation.mirror" needs images/,
  ],
  [
    'a class without weight',
    { ...digits, classWeights: [1, 2] },
    /"classWeights" has 2 weights, but the network knows 10 classes/,
  ],
  ['a validation split of everything', { ...digits, validationSplit: 1 }, /"validationSplit" must/],
  ['a word for what to keep', { ...digits, keep: 'first' }, /"keep" must be one of last, best/],
  [
    'a recurrent layer over too many steps',
    {
      ...digits,
      augmentation: {},
      input: { shape: [1025, 2], dtype: 'float32', scale: 1 },
      layers: [
        { kind: 'gru', units: 4 },
        { kind: 'dense', units: 3 },
      ],
    },
    /Layer 0 \(gru\) does not fit: it follows at most 1024 steps, .* give 1025; put a pool/,
  ],
  [
    'a recurrent layer on an image',
    withLayer(2, { kind: 'gru', units: 4 }),
    /Layer 2 \(gru\) does not fit: it needs a series \[channels, steps\], .* \[16, 28, 28\]/,
  ],
  [
    'a block that cannot be added',
    withLayer(2, { kind: 'residual', layers: [{ kind: 'conv', filters: 4, kernel: 3 }] }),
    /Layer 2 \(residual\) does not fit: its layers turn \[16, 28, 28\] into \[4, 28, 28\]/,
  ],
  [
    'an unknown layer within a block',
    withLayer(2, { kind: 'residual', layers: [{ kind: 'relu' }, { kind: 'pooling' }] }),
    /Layer 2 \(residual\), layer 1 has the unknown kind "pooling"/,
  ],
  ['no object', 'digits', /The recipe: it must be object/],
];

for (const [name, document, message] of faults) {
  test(`${name} is refused with its place`, () => {
    assert.throws(
      () => readRecipe(document),
      (error) => {
        assert.ok(error instanceof FleetError);
        assert.equal(error.code, 'invalid-argument');
        assert.match(error.reason, message);
        return true;
      },
    );
  });
}

test('the index of a faulty layer is part of the error', () => {
  assert.throws(
    () => readRecipe(withLayer(2, { kind: 'pooling' })),
    (error) => error instanceof FleetError && error.detail.layer === 2,
  );
});

function withLayer(index: number, layer: object): unknown {
  return { ...digits, layers: digits.layers.with(index, layer) };
}
