import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import type { Runtime } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { calibrate } from '../calibrate/calibrate.ts';
import { manyKinds, normals } from '../testing/many-kinds.ts';
import { type AdaRoundOptions, adaRound, type RoundedLayer } from './ada-round.ts';
import { roundingNames } from './rounding-step.ts';

const runtime = createOnnxRuntime();
const model = manyKinds();
const feeds = Array.from({ length: 8 }, (_, at) => ({ x: normals([4, 4, 6, 6], at) }));
const ranges = await calibrate(model, feeds, runtime, { method: 'minmax' });

for (const perChannel of [true, false]) {
  const whole = await learned({ perChannel });
  for (const weightsAtOnce of [1, 130, 300]) {
    test(`blocks of ${weightsAtOnce} weights learn what layers do: ${perChannel}`, async () => {
      const cut = await learned({ perChannel, weightsAtOnce });
      assert.equal(cut.integers.size, 5);
      for (const [name, numbers] of whole.integers) {
        const other = cut.integers.get(name) ?? new Int8Array();
        const apart = numbers.filter((number, at) => number !== other[at]).length;
        // None, with an engine that adds up narrow products in the order of wide ones.
        assert.ok(other.length === numbers.length && apart <= numbers.length / 100, `${apart}`);
      }
      for (const [at, { node, nearestError, error, moved }] of whole.layers.entries()) {
        const other = cut.layers[at];
        assert.equal(other?.node, node);
        assert.ok(isClose(other.nearestError, nearestError) && isClose(other.error, error), node);
        assert.ok(isClose(other.moved, moved), node);
      }
    });
  }
}

test('no more weights are learned at once than may be, or one channel', async () => {
  for (const [weightsAtOnce, most] of [
    [320, 320],
    [100, 96],
    [1, 64],
  ] as const) {
    const watched = watch(runtime);
    await learned({ weightsAtOnce, runtime: watched.runtime, steps: 2 });
    assert.equal(watched.mostLearned(), most);
  }
});

test('blocks of equal size share their sessions, and all sessions end', async () => {
  const [whole, cut] = [watch(runtime), watch(runtime)];
  await learned({ runtime: whole.runtime, steps: 2 });
  const blocks: number[] = [];
  const onBlock = (done: number) => blocks.push(done);
  await learned({ runtime: cut.runtime, steps: 2, weightsAtOnce: 320, onBlock });
  assert.equal(blocks.length, 1 + 1 + 1 + 2 + 3);
  assert.equal(cut.loaded(), whole.loaded());
  const uneven = watch(runtime);
  await learned({ runtime: uneven.runtime, steps: 2, weightsAtOnce: 192 });
  assert.ok(uneven.loaded() > whole.loaded());
  assert.deepEqual([whole.open(), cut.open(), uneven.open()], [0, 0, 0]);
});

test('progress is told over the blocks of all layers', async () => {
  const told: string[] = [];
  await learned({
    ...{ weightsAtOnce: 320, steps: 2 },
    onBlock: (done, of) => told.push(`${done}/${of}`),
    onLayer: ({ done, of }) => told.push(`layer ${done}/${of}`),
  });
  assert.deepEqual(told, [
    ...['1/8', 'layer 1/5', '2/8', 'layer 2/5', '3/8', 'layer 3/5'],
    ...['4/8', '5/8', 'layer 4/5', '6/8', '7/8', '8/8', 'layer 5/5'],
  ]);
});

test('an abort ends learning between two blocks of a layer', async () => {
  const abort = new AbortController();
  const watched = watch(runtime);
  let last = 0;
  const run = learned({
    ...{ weightsAtOnce: 320, steps: 2, signal: abort.signal, runtime: watched.runtime },
    onBlock(done) {
      last = done;
      if (done === 4) abort.abort();
    },
  });
  await assert.rejects(run, (error) => error instanceof FleetError && error.code === 'canceled');
  assert.deepEqual([last, watched.open()], [4, 0]);
});

/** Counts sessions, and the weights that they learn. */
function watch(inner: Runtime) {
  let [loaded, open, most] = [0, 0, 0];
  const watching: Runtime = {
    ...inner,
    async load(bytes, options) {
      const session = await inner.load(bytes, options);
      loaded++;
      open++;
      return {
        ...session,
        async run(feeds, how) {
          most = Math.max(most, feeds[roundingNames.choice]?.data.length ?? 0);
          return await session.run(feeds, how);
        },
        async [Symbol.asyncDispose]() {
          open--;
          await session[Symbol.asyncDispose]();
        },
      };
    },
  };
  return { runtime: watching, loaded: () => loaded, open: () => open, mostLearned: () => most };
}

const isClose = (one: number, other: number): boolean => Math.abs(one - other) <= 0.01 * other;

async function learned({
  perChannel = true,
  ...change
}: Partial<AdaRoundOptions> & { readonly perChannel?: boolean } = {}) {
  const layers: RoundedLayer[] = [];
  const options = { activations: 'u8', perChannel, reduceRange: false, weightBits: 3 } as const;
  const integers = await adaRound({
    ...{ model, ranges, options, feeds, runtime, steps: 200, ...change },
    onLayer(layer) {
      layers.push(layer);
      change.onLayer?.(layer);
    },
  });
  return { integers, layers };
}
