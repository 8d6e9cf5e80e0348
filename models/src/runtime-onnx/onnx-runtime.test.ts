import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FleetError } from '@edgewise/protocol';
import { describeRuntime } from '../runtime-conformance/index.ts';
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
