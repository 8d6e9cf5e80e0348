import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { calibrate } from '../calibrate/calibrate.ts';
import { prepare } from '../prepare.ts';
import type { WeightBits } from '../quantize/formulas.ts';
import { weightParams } from '../quantize/quantize.ts';
import { smallFeeds, smallNet } from '../testing/small-net.ts';
import { fitWeightRanges } from './fit-weight-ranges.ts';

const model = prepare(smallNet());
const ranges = await calibrate(model, smallFeeds(2), createOnnxRuntime(), { method: 'minmax' });
const options = (weightBits: WeightBits, perChannel = true) =>
  ({ activations: 'u8', perChannel, reduceRange: false, weightBits }) as const;

test('fewer bits clip more, and never beyond the largest weight', () => {
  const { data } = model.graph.initializers.get('w_fourth') as Tensor<'float32'>;
  const largest = Array.from({ length: 32 }, (_, channel) =>
    data.reduce(
      (most, value, at) => (at % 32 === channel ? Math.max(most, Math.abs(value)) : most),
      0,
    ),
  );
  const shares = ([4, 3, 2] as const).map((bits) => {
    const fitted = fitWeightRanges(model, ranges, options(bits)).get('w_fourth') ?? [];
    assert.equal(fitted.length, 32);
    assert.ok(fitted.every((range, channel) => range > 0 && range <= (largest[channel] ?? 0)));
    return fitted.reduce((sum, range, channel) => sum + range / (largest[channel] ?? 1), 0) / 32;
  });
  const [four = 0, three = 0, two = 0] = shares;
  assert.ok(1 >= four && four > three && three > two && two > 0.3, shares.join());
});

test('there is a range for each scale, and eight bits are left alone', () => {
  for (const perChannel of [true, false]) {
    const how = options(3, perChannel);
    const fitted = fitWeightRanges(model, ranges, how);
    const before = weightParams(model, ranges, how);
    const after = weightParams(model, ranges, { ...how, weightRanges: fitted });
    assert.deepEqual([...fitted.keys()].toSorted(), [...before.keys()].toSorted());
    for (const [name, params] of after) {
      assert.ok(params.every(({ scale }, at) => scale <= (before.get(name)?.[at]?.scale ?? 0)));
    }
  }
  assert.equal(fitWeightRanges(model, ranges, options(8)).size, 0);
});

test('ranges that are given stay, and integers keep their scales', () => {
  const weightRanges = new Map([['w_last', Array<number>(10).fill(0.5)]]);
  const integers = new Map([['w_first', new Int8Array(72)]]);
  const fitted = fitWeightRanges(model, ranges, { ...options(4), weightRanges, integers });
  assert.deepEqual(fitted.get('w_last'), weightRanges.get('w_last'));
  assert.deepEqual([fitted.size, fitted.has('w_first')], [4, false]);
});
