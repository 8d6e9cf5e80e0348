import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParity } from '../bundle/parity.ts';
import { vectorOf } from '../bundle/vectors.ts';
import { createGraphBuilder } from '../onnx/builder.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { createWebRuntime } from '../runtime-web/web-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { buildVariants } from './build-variants.ts';
import { plannedClasses } from './plan.ts';
import { watchEnds } from './watch-ends.ts';

const runtime = createOnnxRuntime();
const random = createRandom(1);
const randoms = (count: number, scale: number) =>
  Float32Array.from({ length: count }, () => (random.next() - 0.5) * scale);

/** Images of 1 x 8 x 8 through two convolutions to four classes. */
function aModel() {
  const graph = createGraphBuilder({ name: 'tiny' });
  const x = graph.input('x', 'float32', ['batch', 1, 8, 8]);
  const first = graph.op('Conv', [
    x,
    graph.constant(tensor('float32', [8, 1, 3, 3], randoms(72, 1))),
  ]);
  const second = graph.op('Conv', [
    graph.op('Relu', [first]),
    graph.constant(tensor('float32', [8, 8, 3, 3], randoms(576, 0.5))),
  ]);
  const flat = graph.op('Flatten', [graph.op('Relu', [second])]);
  const scores = graph.op('MatMul', [
    flat,
    graph.constant(tensor('float32', [128, 4], randoms(512, 0.5))),
  ]);
  graph.op('Softmax', [scores], { output: 'probabilities' });
  graph.output('probabilities', 'float32', ['batch', 4]);
  return graph.build();
}

const model = aModel();
const calibration = { x: tensor('float32', [100, 1, 8, 8], randoms(6400, 2)) };
const options = { calibration, runtime, host: 'x64', deviceClasses: plannedClasses() } as const;

test('one call builds a model for every class, each with reason, size, accuracy and proof', async () => {
  const measured: string[] = [];
  const variants = await buildVariants(model, {
    ...options,
    measure: (graph, { optimise }) => {
      measured.push(optimise);
      return Promise.resolve(1 / graph.length);
    },
  });
  assert.deepEqual(
    variants.map(({ deviceClass, scheme }) => `${deviceClass} ${scheme}`),
    ['arm64 s8s8', 'arm64-dot s8s8', 'web-wasm weight-only', 'x64 u8s8-reduced', 'x64-vnni u8s8'],
  );
  assert.equal(variants[0]?.graph, variants[1]?.graph);
  assert.deepEqual(measured, ['none', 'none', 'all', 'none']);
  const floatBytes = writeModel(model).length;
  for (const { graph, accuracy, golden, parity, reason } of variants) {
    assert.ok(graph.length < floatBytes);
    assert.equal(accuracy, 1 / graph.length);
    assert.ok(golden.vectors >= 12 && parity.tolerance > 0 && reason.length > 0);
  }
});

test('every variant proves itself where it is exact, and the one for browsers in WebAssembly', async () => {
  const web = await createWebRuntime();
  const classes = { ...options, topOutput: 'probabilities' };
  for (const { scheme, graph, golden, parity } of await buildVariants(model, classes)) {
    const engine = scheme === 'weight-only' ? web : runtime;
    // As it is written a graph is exact on any processor.
    const optimise = scheme === 'weight-only' ? 'all' : 'none';
    await using session = await engine.load(graph, { optimise });
    const found = await checkParity(session, golden, { parity, topOutput: 'probabilities' });
    assert.ok(found.ok, `${scheme}: ${found.largestDeviation}`);
  }
});

test('each variant that is built is told, with how many there will be', async () => {
  const told: (readonly [number, number])[] = [];
  const onBuilt = (done: number, of: number): void => void told.push([done, of]);
  await buildVariants(model, { ...options, deviceClasses: ['x64-vnni', 'web-wasm'], onBuilt });
  assert.deepEqual(told, [
    [1, 2],
    [2, 2],
  ]);
});

test('golden inputs reach both ends of every activation range', async () => {
  const [variant] = await buildVariants(model, { ...options, deviceClasses: ['x64-vnni'] });
  assert.ok(variant);
  const watching = writeModel(watchEnds(readModel(variant.graph)));
  await using session = await runtime.load(watching, { optimise: 'none' });
  const spanOf = async (inputs: typeof calibration, count: number) => {
    const spans = new Map<string, { low: number; high: number }>();
    for (let index = 0; index < count; index++) {
      for (const [name, { data }] of Object.entries(await session.run(vectorOf(inputs, index)))) {
        const { low, high } = spans.get(name) ?? { low: Infinity, high: -Infinity };
        spans.set(name, {
          low: Math.min(low, Number(data[0])),
          high: Math.max(high, Number(data[1])),
        });
      }
    }
    return spans;
  };
  const all = await spanOf(calibration, 100);
  const golden = await spanOf(variant.golden.inputs as typeof calibration, variant.golden.vectors);
  assert.ok(all.size >= 5);
  for (const [name, { low, high }] of all) {
    const step = (high - low) / 255;
    const reached = golden.get(name) ?? { low: Infinity, high: -Infinity };
    assert.ok(reached.low <= low + step && reached.high >= high - step, name);
  }
});
