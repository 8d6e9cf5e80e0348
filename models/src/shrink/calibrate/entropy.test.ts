import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../../onnx/graph.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { modelNames } from '../../train/network.ts';
import { bars, barsByHalf, barsByHalfRecipe } from '../../train/testing/bars.ts';
import { train } from '../../train/train.ts';
import { answersOf } from '../answers.ts';
import { prepare } from '../prepare.ts';
import { shrink } from '../shrink.ts';
import { smallFeeds, smallNet } from '../testing/small-net.ts';
import type { CalibrationMethod } from './methods.ts';

const runtime = createOnnxRuntime();

interface Task {
  readonly model: Model;
  readonly calibration: readonly Feeds[];
  readonly heldOut: readonly Feeds[];
}

/** Bars that stand out of black, which filters turn into one number all over, and out of noise. */
const tasks: Readonly<Record<string, () => Promise<Task>>> = {
  'bars on a flat background': () =>
    trained((count, seed) => bars(count, seed, { bright: 200, noise: 1 })),
  'bars in noise': () => trained(barsByHalf),
  'a net without training': async () => ({
    ...{ model: smallNet({ tame: true }), calibration: smallFeeds(8) },
    heldOut: smallFeeds(8, 2),
  }),
};

for (const [name, make] of Object.entries(tasks)) {
  test(`entropy costs no more than other methods do: ${name}`, async () => {
    const { model, calibration, heldOut } = await make();
    const answers = await answersOf(prepare(model), heldOut, { runtime });
    const errorOf = async (method: CalibrationMethod): Promise<number> => {
      const small = await shrink(model, { calibration, runtime, method });
      return (await answers.errorOf(small.model)).error;
    };
    const [minmax, mse, entropy] = [
      await errorOf('minmax'),
      await errorOf('mse'),
      await errorOf('entropy'),
    ];
    assert.ok(entropy < 2 * Math.max(minmax, mse), `${entropy}, not ${minmax} or ${mse}`);
  });
}

async function trained(draw: (count: number, seed: number) => ReturnType<typeof bars>) {
  const { model } = await train({
    recipe: barsByHalfRecipe(),
    data: draw(800, 1),
    seed: 1,
    runtime,
  });
  const feedsOf = (seed: number): readonly Feeds[] => [
    { [modelNames.input]: draw(200, seed).inputs },
  ];
  return { model, calibration: feedsOf(2), heldOut: feedsOf(3) };
}
