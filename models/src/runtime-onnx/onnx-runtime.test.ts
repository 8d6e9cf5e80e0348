import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import { writeModel } from '../onnx/write.ts';
import { describeRuntime } from '../runtime-conformance/describe-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { deviceClassOf, extensionsIn } from './instruction-set.ts';
import { createOnnxRuntime } from './onnx-runtime.ts';

describeRuntime('onnxruntime-node', createOnnxRuntime);

test('a model with weights in other files is unsupported, wherever they lie', async (context) => {
  const before = process.cwd();
  process.chdir(fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url)));
  context.after(() => process.chdir(before));
  for (const name of ['external', 'external-escape']) {
    const bytes = readFileSync(new URL(`../../fixtures/onnx/${name}.onnx`, import.meta.url));
    await assert.rejects(
      createOnnxRuntime().load(bytes),
      (thrown) => thrown instanceof FleetError && thrown.code === 'unsupported',
    );
  }
});

test('feeds that contradict each other are refused and the session stays usable', async () => {
  const graph = createGraphBuilder({ name: 'sum' });
  const names = ['a', 'b'].map((name) => graph.input(name, 'float32', ['n']));
  graph.op('Add', names, { output: 'y' });
  graph.output('y', 'float32', ['n']);
  await using session = await createOnnxRuntime().load(writeModel(graph.build()));
  const ones = (length: number) => tensor('float32', [length], new Float32Array(length).fill(1));
  await assert.rejects(
    session.run({ a: ones(2), b: ones(3) }),
    (thrown) => thrown instanceof FleetError && thrown.code === 'invalid-argument',
  );
  const { y } = await session.run({ a: ones(3), b: ones(3) });
  assert.deepEqual(y?.data, Float32Array.of(2, 2, 2));
});

test('the build names engine version and architecture', () => {
  assert.match(createOnnxRuntime().build, /^onnxruntime \d+\.\d+\.\d+ \S+/);
});

test('the device class follows from the dot product of the processor', () => {
  const classes = [
    ['x64', 'flags\t\t: fpu avx2 avx512f', 'x64'],
    ['x64', 'flags\t\t: fpu avx2 avx_vnni', 'x64-vnni'],
    ['x64', 'flags\t\t: avx512_vnni avx2', 'x64-vnni'],
    ['arm64', 'Features\t: fp asimd evtstrm crc32', 'arm64'],
    ['arm64', 'Features\t: fp asimd asimddp', 'arm64-dot'],
    ['arm64', '', 'arm64'],
  ] as const;
  for (const [arch, cpuinfo, expected] of classes) {
    assert.equal(deviceClassOf({ arch, extensions: extensionsIn(cpuinfo) }), expected);
  }
});
