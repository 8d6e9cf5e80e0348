import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createCollector, type ToolHistogram } from './collector.ts';
import { noPortion, widened } from './portion.ts';
import { entropyThreshold, percentileThreshold } from './thresholds.ts';

/** Count, seed, power, scale and shift of an array; see fixtures/calibrate/generate.py. */
type Recipe = readonly [number, number, number, number, number];

interface Case {
  readonly tensor: string;
  readonly portions: readonly (readonly Recipe[])[];
  readonly rule: {
    readonly method: string;
    readonly symmetric: boolean;
    readonly bins: number;
    readonly levels: number;
    readonly percentile: number;
  };
  readonly range: readonly [number, number];
  readonly bins: number;
  readonly edges: readonly number[];
  readonly moment: number;
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/calibrate/collector.json', import.meta.url), 'utf8'),
) as readonly Case[];

test('histograms and thresholds are those of the Python tool, number for number', () => {
  assert.equal(cases.length, 70);
  for (const expected of cases) {
    const { rule, tensor } = expected;
    const histogram = collect(expected);
    const { counts, edges } = histogram;
    const label = `${tensor}, ${JSON.stringify(rule)}`;
    assert.equal(counts.length, expected.bins, label);
    assert.deepEqual([edges[0], edges[1], edges.at(-2), edges.at(-1)], expected.edges, label);
    const moment = counts.reduce((sum, count, bin) => sum + count * (bin + 1), 0);
    assert.equal(moment, expected.moment, label);
    const { min, max } =
      rule.method === 'entropy'
        ? entropyThreshold(histogram, rule.levels)
        : percentileThreshold(histogram, rule.percentile, rule);
    assert.ok(min === expected.range[0] && max === expected.range[1], `${label}: ${min} ${max}`);
  }
});

test('NaN has no histogram of magnitudes, as in Python', () => {
  const collector = createCollector(2048, { absolute: true });
  assert.throws(() => collector.begin(widened(noPortion, Float32Array.of(1, Number.NaN))), /NaN/);
});

test('NaN is left out of a histogram of signed numbers, as in Python', () => {
  const collector = createCollector(4, { absolute: false });
  const data = Float32Array.of(1, Number.NaN, -0.6);
  collector.begin(widened(noPortion, data));
  collector.add(data);
  collector.end();
  assert.deepEqual(Array.from(collector.result().counts), [1, 0, 0, 1]);
});

test('an infinite value has no histogram', () => {
  const collector = createCollector(128, { absolute: false });
  const portion = widened(noPortion, Float32Array.of(1, -Infinity));
  assert.throws(() => collector.begin(portion), /infinite/);
});

function collect({ portions, rule }: Case): ToolHistogram {
  const absolute = rule.method === 'percentile' && rule.symmetric;
  const collector = createCollector(rule.bins, { absolute });
  for (const recipes of portions) {
    const arrays = recipes.map(numbers);
    collector.begin(arrays.reduce(widened, noPortion));
    for (const array of arrays) collector.add(array);
    collector.end();
  }
  return collector.result();
}

/** The formula of generate.py. */
function numbers([count, seed, power, scale, shift]: Recipe): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => {
    const x = ((((at + seed * 100_003) * 7919) % 10_007) / 10_007) * 2 - 1;
    let y = x;
    for (let times = 1; times < power; times++) y *= x;
    return y * scale + shift;
  });
}
