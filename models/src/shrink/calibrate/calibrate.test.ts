import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { createRandom } from '../../random/random.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { calibrate } from './calibrate.ts';
import { calibrationMethods } from './methods.ts';

const runtime = createOnnxRuntime();

for (const method of calibrationMethods) {
  test(`${method} gives a range to every value, the input included`, async () => {
    const ranges = await calibrate(network(), [images(1), images(2)], runtime, { method });
    assert.deepEqual([...ranges.keys()].toSorted(), ['h', 'x', 'y', 'z']);
    for (const [name, { min, max }] of ranges) assert.ok(min < max, name);
    assert.equal(ranges.get('y')?.min, 0);
  });

  test(`${method} sees all feeds, whatever their order and batch`, async () => {
    const [one, two] = [images(1), images(2)];
    const feeds = [one, two];
    const ranges = await calibrate(network(), feeds, runtime, { method });
    assert.deepEqual(await calibrate(network(), feeds.toReversed(), runtime, { method }), ranges);
    const both = await calibrate(network(), [joined(one, two)], runtime, { method });
    for (const [name, { min, max }] of ranges) {
      const other = both.get(name);
      assert.ok(Math.abs(min - (other?.min ?? 0)) <= 1e-5 * (max - min), name);
      assert.ok(Math.abs(max - (other?.max ?? 0)) <= 1e-5 * (max - min), name);
    }
  });

  test(`${method} passes over a value that is empty for some feeds`, async () => {
    const g = createGraphBuilder({ name: 'found' });
    const x = g.input('x', 'float32', ['N']);
    const places = g.op('NonZero', [g.op('Relu', [x], { output: 'h' })]);
    const found = g.op('GatherND', ['h', g.op('Transpose', [places])], { output: 'found' });
    g.op('Neg', [found], { output: 'y' });
    g.output('y', 'float32', ['M']);
    const feed = (...values: number[]) => ({
      x: tensor('float32', [values.length], Float32Array.from(values)),
    });
    const feeds = [feed(-1, -2), feed(-1, 3, 1)];
    const ranges = await calibrate(g.build(), feeds, runtime, { method });
    const { min = 0, max = 0 } = ranges.get('found') ?? {};
    assert.ok(min >= 0 && max > 0.9 && max <= 3, `${min} to ${max}`);
  });

  test(`${method} without any feed is refused`, async () => {
    await refuses(
      calibrate(network(), [], runtime, { method }),
      'insufficient-data',
      /at least one/,
    );
  });

  test(`${method} refuses a feed of another name, type or size and names the input`, async () => {
    const [wrong, cut] = [{ q: tensor('float32', [1], new Float32Array(1)) }, new Float32Array(4)];
    const feeds = [
      [wrong, /"x" was not fed/],
      [{ x: tensor('int8', [1, 6], new Int8Array(6)) }, /"x" takes float32, not int8/],
      [{ x: tensor('float32', [1, 4], cut) }, /"x" takes \[\?, 6\], not \[1, 4\]/],
      [{ ...images(1), ...wrong }, /no input "q"/],
    ] as const;
    for (const [feed, reason] of feeds) {
      await refuses(calibrate(network(), [feed], runtime, { method }), 'invalid-argument', reason);
    }
  });

  test(`${method} names the value, node and feed that make NaN or infinity`, async () => {
    for (const bad of [Number.NaN, Infinity]) {
      const feed = images(2);
      (feed.x?.data as Float32Array)[4] = bad;
      const refused = calibrate(network(), [images(1), feed], runtime, { method });
      await refuses(refused, 'invalid-argument', /run 2, input "x" is NaN or infinite/);
    }
    const g = createGraphBuilder({ name: 'g' });
    const inner = g.op('Sqrt', [g.input('x', 'float32', ['n', 6])], { output: 'root' });
    g.op('Abs', [inner], { output: 'y' });
    g.output('y', 'float32', ['n', 6]);
    const refused = calibrate(g.build(), [images(1)], runtime, { method });
    await refuses(refused, 'invalid-argument', /value "root" of Sqrt "root" is NaN/);
  });

  test(`${method} names the constant that makes NaN`, async () => {
    const g = createGraphBuilder({ name: 'g' });
    const weight = g.initializer('w', tensor('float32', [6], new Float32Array(6).fill(1, 1)));
    (g.build().graph.initializers.get('w')?.data as Float32Array)[3] = Number.NaN;
    g.op('Mul', [g.input('x', 'float32', ['n', 6]), weight], { output: 'y' });
    g.output('y', 'float32', ['n', 6]);
    const refused = calibrate(g.build(), [images(1)], runtime, { method });
    await refuses(
      refused,
      'invalid-argument',
      /"y" is NaN .* constant "w" holds NaN at position 3/,
    );
  });

  test(`${method} takes constant activations`, async () => {
    const feed = { x: tensor('float32', [2, 6], new Float32Array(12)) };
    const ranges = await calibrate(network(), [feed], runtime, { method });
    assert.deepEqual(ranges.get('x'), { min: 0, max: 0 });
  });
}

test('a fixed batch is held to', async () => {
  const fixed = network(1);
  await refuses(
    calibrate(fixed, [images(1)], runtime, { method: 'mse' }),
    'invalid-argument',
    /"x" takes \[1, 6\], not \[64, 6\]/,
  );
});

test('the tool passes NaN over where it has no histogram of magnitudes', async () => {
  const feed = images(1);
  (feed.x?.data as Float32Array)[4] = Number.NaN;
  for (const method of ['minmax', 'entropy'] as const) {
    const options = { method, likeOnnxruntime: true } as const;
    const ranges = await calibrate(network(), [feed], runtime, options);
    assert.ok(Number.isFinite(ranges.get('x')?.max), method);
  }
  const options = { method: 'percentile', likeOnnxruntime: true } as const;
  await refuses(calibrate(network(), [feed], runtime, options), 'invalid-argument', /NaN/);
});

test('the tool has no mse', async () => {
  const options = { method: 'mse', likeOnnxruntime: true } as const;
  await refuses(calibrate(network(), [images(1)], runtime, options), 'unsupported', /mse/);
});

test('portions of the tool change the bins and so the thresholds', async () => {
  const feeds = [images(1, 0.3), images(2)];
  const how = { method: 'entropy', likeOnnxruntime: true } as const;
  const once = await calibrate(network(), feeds, runtime, how);
  const strided = await calibrate(network(), feeds, runtime, { ...how, stride: 1 });
  assert.notDeepEqual(once.get('x'), strided.get('x'));
});

test('values too large for one run are read in several passes with the same result', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', ['n', 6]);
  const sizes = g.constant(tensor('int64', [2], BigInt64Array.of(400_000n, 1n)));
  const wide = g.op('Tile', [x, sizes], { output: 'wide' });
  g.op('Neg', [g.op('Neg', [g.op('Neg', [wide], { output: 'a' })], { output: 'b' })], {
    output: 'y',
  });
  g.output('y', 'float32', ['m', 6]);
  const loads: number[] = [];
  const counting: Runtime = {
    ...runtime,
    load(bytes, options) {
      loads.push(bytes.length);
      return runtime.load(bytes, options);
    },
  };
  const feed = {
    x: tensor(
      'float32',
      [8, 6],
      Float32Array.from({ length: 48 }, (_, at) => at),
    ),
  };
  const ranges = await calibrate(g.build(), [feed], counting, { method: 'mse' });
  assert.ok(loads.length > 2, `${loads.length} sessions`);
  assert.deepEqual(ranges.get('wide'), ranges.get('b'));
});

test('an aborted calibration ends with canceled', async () => {
  const abort = new AbortController();
  const onFeed = (): void => abort.abort();
  const { signal } = abort;
  const refused = calibrate(network(), [images(1), images(2)], runtime, {
    method: 'mse',
    signal,
    onFeed,
  });
  await refuses(refused, 'canceled', /called off/);
});

async function refuses(promise: Promise<unknown>, code: string, reason: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof FleetError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, reason);
    return true;
  });
}

/** x -> Gemm h -> Relu y -> Gemm z. */
function network(batch: number | string = 'n'): Model {
  const { normal } = createRandom(7);
  const g = createGraphBuilder({ name: 'g' });
  const weights = (dims: number[]): string =>
    g.constant(tensor('float32', dims, Float32Array.from({ length: 24 }, normal)));
  const x = g.input('x', 'float32', [batch, 6]);
  const h = g.op('Gemm', [x, weights([6, 4])], { output: 'h' });
  const y = g.op('Relu', [h], { output: 'y' });
  g.op('Gemm', [y, weights([4, 6])], { output: 'z' });
  g.output('z', 'float32', [batch, 6]);
  return g.build();
}

function images(seed: number, size = 1): Feeds {
  const { normal } = createRandom(seed);
  const data = Float32Array.from({ length: 64 * 6 }, () => size * normal());
  return { x: tensor('float32', [64, 6], data) };
}

function joined(one: Feeds, two: Feeds): Feeds {
  const [a, b] = [one.x?.data as Float32Array, two.x?.data as Float32Array];
  return { x: tensor('float32', [128, 6], Float32Array.of(...a, ...b)) };
}
