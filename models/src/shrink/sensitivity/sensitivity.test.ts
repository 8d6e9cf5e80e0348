import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { answersOf } from '../answers.ts';
import { calibrate } from '../calibrate/calibrate.ts';
import { prepare } from '../prepare.ts';
import { shrink } from '../shrink.ts';
import { smallFeeds, smallNet } from '../testing/small-net.ts';
import { type LayerSensitivity, named, sensitivity } from './sensitivity.ts';

const runtime = createOnnxRuntime();
const quantize = { activations: 'u8', perChannel: true, reduceRange: false } as const;
const layerNames = ['first', 'fourth', 'last', 'narrow', 'third'];

test('every layer gets its figure and the most harmful one comes first', async () => {
  const layers = await measure(20);
  assert.deepEqual(layers.flatMap(({ nodes }) => nodes).toSorted(), layerNames);
  assert.ok(layers[0]?.nodes[0] === 'narrow' || layers[0]?.nodes[0] === 'third');
  assert.ok((layers[0]?.error ?? 0) > 10 * (layers[3]?.error ?? 1), JSON.stringify(layers));
});

test('with fewer runs than layers neighbours are measured together, the worst of them alone', async () => {
  const layers = await measure(4);
  assert.deepEqual(layers.flatMap(({ nodes }) => nodes).toSorted(), layerNames);
  assert.ok(layers.some(({ nodes }) => nodes.length > 1));
});

test('the worst layers go back to float until the target is reached', async () => {
  const calibration = smallFeeds(8);
  const plain = await shrink(smallNet(), { calibration, runtime, budget: {} });
  const mixed = plain.report.mixedPrecision;
  assert.ok(mixed !== undefined && mixed.errorAfter < mixed.errorBefore / 10);
  const targetError = mixed.errorBefore / 5;
  const { model, report } = await shrink(smallNet(), {
    calibration,
    runtime,
    budget: { targetError },
  });
  const found = report.mixedPrecision;
  assert.ok(found !== undefined && found.errorAfter <= targetError);
  assert.ok(found.float.length < layerNames.length);
  for (const name of found.float) assert.ok(isFloat(model, name), name);
  assert.ok(found.floatMacs > 0 && found.floatMacs < 1);
  assert.deepEqual(
    found.steps.filter(({ outcome }) => outcome === 'kept').flatMap(({ nodes }) => nodes),
    found.float,
  );
});

test('a target that int8 reaches leaves all layers in int8', async () => {
  const options = { calibration: smallFeeds(4), runtime, budget: { targetError: 1e9 } };
  const { report } = await shrink(smallNet(), options);
  assert.deepEqual(report.mixedPrecision?.float, []);
  assert.equal(report.mixedPrecision?.runs, 1);
});

test('the budget holds in bytes, multiply-accumulates and runs', async () => {
  const calibration = smallFeeds(4);
  const { report: int8 } = await shrink(smallNet(), { calibration, runtime });
  const maxBytes = int8.bytesAfter + 2500;
  for (const budget of [{ maxBytes }, { maxFloatMacs: 0.2 }, { maxRuns: 7 }]) {
    const { report } = await shrink(smallNet(), { calibration, runtime, budget });
    const found = report.mixedPrecision;
    assert.ok(report.bytesAfter <= (budget.maxBytes ?? Infinity), `${report.bytesAfter}`);
    assert.ok((found?.floatMacs ?? 1) <= (budget.maxFloatMacs ?? 1), `${found?.floatMacs}`);
    assert.ok((found?.runs ?? 99) <= (budget.maxRuns ?? 96), `${found?.runs}`);
    if (budget.maxRuns === undefined) {
      assert.ok(
        found?.steps.some(({ outcome }) => outcome.startsWith('too')),
        JSON.stringify(found),
      );
    }
  }
});

test('nodes without a name are named for the report', async () => {
  const options = { calibration: smallFeeds(4), runtime, budget: {} };
  const [one, other] = [
    await shrink(smallNet(), options),
    await shrink(smallNet({ named: false }), options),
  ];
  assert.deepEqual(other.report.mixedPrecision?.float, one.report.mixedPrecision?.float);
  const names = named(smallNet({ named: false })).graph.nodes.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('a budget that makes no sense is refused', async () => {
  const budgets = [{ maxBytes: 0 }, { maxFloatMacs: 1.5 }, { targetError: -1 }, { maxRuns: 3 }];
  for (const budget of budgets) {
    await assert.rejects(
      shrink(smallNet(), { calibration: smallFeeds(2), runtime, budget }),
      (error) => error instanceof FleetError && error.code === 'invalid-argument',
    );
  }
});

async function measure(maxRuns: number): Promise<readonly LayerSensitivity[]> {
  const model = prepare(smallNet());
  const feeds = smallFeeds(4);
  const ranges = await calibrate(model, feeds, runtime, { method: 'minmax' });
  const answers = await answersOf(model, feeds, { runtime });
  let runs = 0;
  const onRun = (done: number, of: number): void => {
    runs = done;
    assert.ok(done <= of);
  };
  const layers = await sensitivity({ model, ranges, quantize, answers, maxRuns, onRun });
  assert.ok(runs <= maxRuns, `${runs} runs`);
  return layers;
}

function isFloat({ graph }: Model, output: string): boolean {
  const node = graph.nodes.find(({ op, name }) => /Conv|Gemm/.test(op) && name === output);
  return graph.initializers.get(node?.inputs[1] ?? '')?.dtype === 'float32';
}
