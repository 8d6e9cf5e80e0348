import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { namedRuntime } from './named-runtime.ts';

const runtime = namedRuntime(createOnnxRuntime(), 'b.onnx');
const feeds = { x: tensor('float32', [2], Float32Array.of(1, 2)) };

function relu(): Uint8Array {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Relu', [g.input('x', 'float32', [2])], { output: 'y' });
  g.output('y', 'float32', [2]);
  return writeModel(g.build());
}

test('what does not load, and what does not run, begin with the name of the model', async () => {
  await assert.rejects(runtime.load(new Uint8Array(9)), {
    code: 'malformed',
    reason: /^b\.onnx: The model does not load/,
  });
  await using session = await runtime.load(relu());
  await assert.rejects(session.run({}), {
    code: 'invalid-argument',
    reason: 'b.onnx: Input "x" was not fed.',
  });
  const { y } = await session.run(feeds, { outputs: ['y'] });
  assert.deepEqual([...(y?.data ?? [])], [1, 2]);
});

test('a run that is called off has no name, and a session ends once', async () => {
  await using session = await runtime.load(relu());
  const signal = AbortSignal.abort();
  await assert.rejects(session.run(feeds, { signal }), {
    code: 'canceled',
    reason: 'The run was called off.',
  });
  await session[Symbol.asyncDispose]();
  await assert.rejects(session.run(feeds), { code: 'unavailable', reason: /^b\.onnx: / });
});
