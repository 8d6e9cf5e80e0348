import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noBrowser } from '@edgewise/desktop/testing';
import { checkParity } from '@edgewise/models/bundle';
import { createGraphBuilder, type Model, readModel, writeModel } from '@edgewise/models/onnx';
import { buildVariants, goldenFor } from '@edgewise/models/plan';
import { createRandom } from '@edgewise/models/random';
import type { Feeds } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { saturationOf, saturationTargets, shrink } from '@edgewise/models/shrink';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { DeviceClass } from '@edgewise/protocol';
import { withLowest } from '../bench/saturation/layer-models.ts';
import { compareLayers } from './compare-layers.ts';
import { type Machines, openMachines } from './machines.ts';
import { startRuntimeInPage } from './runtime-in-page.ts';
import { type RuntimeElsewhere, startRuntimeOn } from './runtime-on.ts';

const here = createOnnxRuntime();
const random = createRandom(11);
const opened: Machines = await openMachines();
const skip = opened.ok ? false : opened.reason;
const places: RuntimeElsewhere[] = [];
before(async () => {
  if (!opened.ok) return;
  places.push(...(await Promise.all(opened.machines.map(startRuntimeOn))));
  if (!noBrowser) places.push(await startRuntimeInPage());
});
after(async () => {
  for (const place of places) await place[Symbol.asyncDispose]();
});

test('the same graph can be run in Chromium', { skip: skip || noBrowser }, () => {
  const chromium = placeOf('chromium');
  assert.equal(chromium.deviceClass, 'web-wasm');
  assert.match(chromium.runtime.build, /^onnxruntime-web \d/);
});

const numbers = (dims: readonly number[], make: (at: number) => number): Tensor<'float32'> => {
  const length = dims.reduce((a, b) => a * b, 1);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length }, (_, at) => make(at)),
  );
};

/** Ordinary weights in the first layer, neighbours at the end of their range in the second. */
function network(): Model {
  const graph = createGraphBuilder({ name: 'network' });
  const x = graph.input('x', 'float32', ['N', 16, 6, 6]);
  const small = graph.constant(numbers([16, 16, 3, 3], () => (random.next() - 0.5) * 0.1));
  const large = graph.constant(numbers([32, 16, 3, 3], () => (random.next() < 0.5 ? 0.1 : -0.1)));
  const last = graph.constant(numbers([32 * 4, 5], () => (random.next() - 0.5) * 0.05));
  const first = graph.op('Relu', [graph.op('Conv', [x, small])]);
  const second = graph.op('Relu', [graph.op('Conv', [first, large])]);
  const flat = graph.op('Flatten', [second]);
  graph.op('MatMul', [flat, last], { output: 'y' });
  graph.output('y', 'float32', ['N', 5]);
  return graph.build();
}

/** Every other weight is at the lower end of its range, so that neighbours never saturate. */
function lowEveryOther(): Model {
  const graph = createGraphBuilder({ name: 'low' });
  const x = graph.input('x', 'float32', ['N', 16, 6, 6]);
  const weight = numbers([8, 16, 3, 3], (at) => (Math.floor(at / 9) % 2 === 0 ? -0.1 : 0.099));
  const sums = graph.op('Relu', [graph.op('Conv', [x, graph.constant(weight)])]);
  graph.op('GlobalAveragePool', [sums], { output: 'y' });
  graph.output('y', 'float32', ['N', 8, 1, 1]);
  return graph.build();
}

/** Half of the numbers are the lowest there is. */
const inputs: Feeds = { x: numbers([24, 16, 6, 6], () => Math.max(0, 2 * random.next() - 1)) };
const full = { calibration: [inputs], runtime: here, activations: 'u8' } as const;

/** Where integer sums are exact: here with VNNI, else where there is a dot product. */
const exactPlace = (): RuntimeElsewhere =>
  places.find(({ deviceClass }) => deviceClass === 'x64-vnni') ?? placeOf('cortex-a76');

const placeOf = (name: string): RuntimeElsewhere => {
  const place = places.find((each) => each.name === name);
  assert.ok(place, name);
  return place;
};

const targets = [
  ['x64', 'x64-without-vnni'],
  ['arm64', 'cortex-a72'],
  ['arm64-dot', 'cortex-a76'],
] as const;

for (const [target, name] of targets) {
  test(`the saturation report names what ${name} gets wrong, layer by layer, and nothing else`, {
    skip,
  }, async () => {
    assert.ok(saturationTargets.includes(target));
    const { model } = await shrink(network(), full);
    for (const each of [model, withLowest(model)]) {
      const read = readModel(writeModel(each));
      const compared = await compareLayers(read, inputs, {
        ...{ target, real: placeOf(name).runtime, exact: exactPlace().runtime, here },
      });
      for (const layer of compared) assert.equal(layer.asPredicted, layer.outputs, layer.name);
      const report = await saturationOf(read, [inputs], { runtime: here, target });
      assert.deepEqual(
        report.layers.map(({ wrong }) => wrong),
        compared.map(({ wrong }) => wrong),
      );
    }
  });
}

/** On which processors the golden answers of a graph come out right. */
async function acceptedOn(model: Model): Promise<readonly string[]> {
  const graph = writeModel(model);
  const { golden, parity } = await goldenFor(graph, inputs, { runtime: here });
  const names: string[] = [];
  for (const place of places) {
    await using session = await place.runtime.load(graph);
    if ((await checkParity(session, golden, { parity })).ok) names.push(place.name);
  }
  return names;
}

const namesWithout = (deviceClass: DeviceClass): readonly string[] =>
  places.filter((place) => place.deviceClass !== deviceClass).map(({ name }) => name);

test('a model that saturates is refused on x64 without VNNI and nowhere else', {
  skip,
}, async () => {
  const { model } = await shrink(network(), full);
  assert.deepEqual(await acceptedOn(model), namesWithout('x64'));
});

test('a model with weights of -128 is refused on the Cortex-A72 and nowhere else', {
  skip,
}, async () => {
  const { model } = await shrink(lowEveryOther(), full);
  assert.deepEqual(
    await acceptedOn(model),
    places.map(({ name }) => name),
  );
  assert.deepEqual(await acceptedOn(withLowest(model)), namesWithout('arm64'));
});

test('the variant planned for a processor is accepted there, and the machine says its class', {
  skip,
}, async () => {
  for (const place of places) {
    const [variant] = await buildVariants(network(), {
      ...{ deviceClasses: [place.deviceClass], calibration: inputs, runtime: here },
      host: 'x64',
    });
    assert.ok(variant);
    await using session = await place.runtime.load(variant.graph);
    const { ok, largestDeviation } = await checkParity(session, variant.golden, {
      parity: variant.parity,
    });
    assert.equal(ok, true, `${place.name}: ${largestDeviation}`);
  }
});
