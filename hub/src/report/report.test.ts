import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActivationSpread } from '@edgewise/models/inspect';
import { renderReport } from './report.ts';
import { speedText } from './speed-text.ts';

/** A Relu between 0 and 8 on a grid up to 4, with an eighth of its numbers above. */
function aSpread(given: Partial<ActivationSpread> = {}): ActivationSpread {
  const counts = new Float64Array(2048);
  counts[100] = 700;
  counts[1500] = 100;
  return {
    ...{ value: 'r', node: 'relu <1>', op: 'Relu', type: 'uint8', range: { min: 0, max: 4 } },
    histogram: { min: 0, max: 8, counts, zeros: 200 },
    ...{ numbers: 1000, clippedBelow: 0, clippedAbove: 0.1, ownSqnrDb: 12.34 },
    ...given,
  };
}

const page = (activations: readonly ActivationSpread[]): string =>
  renderReport({ title: 'm.onnx', facts: [], activations });

test('an activation is drawn with its range, and what is clipped stands apart and in words', () => {
  const html = page([aSpread()]);
  assert.match(html, /uint8 from 0 to 4, 20 % zeros<br>10 % clipped above/);
  assert.match(html, /12\.3 dB/);
  // The range is the left half of what was seen.
  assert.match(html, /<rect x="0" y="0" width="50" height="40" class="band"/);
  const [, kept = ''] = /<path d="([^"]*)" class="bar"/.exec(html) ?? [];
  const [, clipped = ''] = /<path d="([^"]*)" class="poor"/.exec(html) ?? [];
  assert.equal(kept.match(/M/g)?.length, 2, 'zero and bin 100');
  assert.equal(clipped.match(/M/g)?.length, 1, 'bin 1500');
});

test('bars are as high as the logarithm of their counts', () => {
  const html = page([aSpread()]);
  const [, clipped = ''] = /<path d="([^"]*)" class="poor"/.exec(html) ?? [];
  const top = Number(/V([\d.]+)H/.exec(clipped)?.[1]);
  const rise = Math.log1p(100) / Math.log1p(700);
  assert.ok(Math.abs(top - 40 * (1 - rise)) < 0.01, `${top}`);
});

test('the activations that suffer most are drawn, all others stand in a table', () => {
  const all = Array.from({ length: 30 }, (_, at) =>
    aSpread({ node: `n${at}.`, ownSqnrDb: 90 - at }),
  );
  const html = page(all);
  assert.equal(html.match(/<figure>/g)?.length, 24);
  const [, table = ''] = html.split('class="spreads"');
  const rows = table.slice(table.indexOf('<tbody>'));
  for (const at of [0, 1, 2, 3, 4, 5]) assert.match(rows, new RegExp(`>n${at}\\.<`));
  assert.doesNotMatch(rows, />n6\.</);
});

test('an activation that is always the same number is drawn, too', () => {
  const still = { min: 0, max: 0, counts: new Float64Array(2048), zeros: 10 };
  const html = page([
    aSpread({ histogram: still, range: { min: 0, max: 255 }, ownSqnrDb: undefined }),
  ]);
  assert.match(html, /always zero/);
  assert.doesNotMatch(html, /NaN|Infinity/);
});

test('of many layers the lowest are shown, and all of them are one click away', () => {
  const layersOf = (count: number) =>
    Array.from({ length: count }, (_, at) => {
      return { node: `n${at}.`, op: 'Conv', value: `v${at}`, sqnrDb: 20 + ((at * 7) % count) };
    });
  const many = renderReport({ title: 't', facts: [], layers: layersOf(100) });
  const [shown = '', all = ''] = many.split('<summary>All 100 in the order of the graph');
  assert.equal(shown.match(/<th scope="row">/g)?.length, 32);
  assert.match(shown, /n0\.<.*20\.0 dB/s);
  assert.equal(all.match(/<th scope="row">/g)?.length, 100);
  const few = renderReport({ title: 't', facts: [], layers: layersOf(50) });
  assert.doesNotMatch(few, /<details/);
});

test('nodes in float are counted by reason, and all of them are one click away', () => {
  const inner = (node: string, within: string) => {
    return { node, op: 'Relu', reason: `it lies inside ${within} (If)` };
  };
  const floatNodes = [
    ...[1, 2, 3, 4].map((at) => ({ node: `d${at}`, op: 'Div', reason: 'no int8 form' })),
    ...[{ node: 's', op: 'Shape', reason: 'no int8 form' }, inner('a', 'x'), inner('b', 'y')],
  ];
  const html = renderReport({ title: 't', facts: [], floatNodes });
  const [shown = '', all = ''] = html.split('<summary>All 7 by name');
  assert.match(shown, />4 Div, 1 Shape<.*>no int8 form</);
  assert.match(shown, />Relu a, Relu b<.*>it lies inside 2 If nodes</);
  assert.match(all, />d4<.*>it lies inside y \(If\)</s);
});

test('names of a model are text and never markup, and the page asks for nothing', () => {
  const html = page([aSpread({ node: '<img src=x>' })]);
  assert.doesNotMatch(html, /<img|<script|https?:/);
  assert.match(html, /&#60;img/);
});

test('forms of a model are drawn only where they have a score', () => {
  const variants = [
    { name: 'float', bytes: 4096, score: 0.9 },
    { name: 'int8', bytes: 1024, score: 0.89 },
  ];
  const html = renderReport({ title: 't', facts: [], variants, scoreIs: 'agreement' });
  assert.match(html, /aria-label="Agreement against size: float 4, 90; int8 1, 89"/);
  const plain = variants.map(({ name, bytes }) => ({ name, bytes }));
  const without = renderReport({ title: 't', facts: [], variants: plain });
  assert.doesNotMatch(without, /class="dot/);
});

test('each processor names the layers that it would get wrong', () => {
  const layer = { node: 'c1', outputs: 138_240, wrong: 3456, largest: 7 };
  const saturation = [
    { target: 'x64', layers: [layer, { ...layer, node: 'c2', wrong: 0 }] },
    { target: 'arm64', layers: [{ ...layer, wrong: 0 }] },
  ];
  const html = renderReport({ title: 't', facts: [], saturation });
  assert.match(html, /x64: 1 of 2 layers would be wrong.*arm64: 0 of 1 layers/s);
  assert.match(html, /quantize --for x64 builds a file that is right/);
  assert.doesNotMatch(html, /--for arm64/);
  assert.match(html, />c1<.*>3,456<.*>138,240<.*>2\.5 %</s);
});

test('a slower model is not called fast', () => {
  assert.equal(speedText('int8', 1.5), 'int8 is 1.50 times as fast');
  assert.equal(speedText('int8', 0.5), 'int8 takes 2.00 times as long');
  assert.equal(speedText('int8', Number.POSITIVE_INFINITY), 'int8 was too quick to measure');
});
