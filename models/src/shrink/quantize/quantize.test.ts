import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession } from 'onnxruntime-node';
import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { quantize } from './quantize.ts';
import { type Fixture, rangesOf } from './testing/python-tool.ts';

test('each node that stays in float has its reason', () => {
  const { model, ranges } = load('mixed');
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { report } = quantize(model, ranges, options);
  const reasons = report.float.map(({ op, reason }) => `${op}: ${reason}`);
  assert.deepEqual(reasons, [
    'Tanh: its operator has no int8 form',
    'Reshape: its input is not int8',
    'ReduceMean: its operator has no int8 form',
  ]);
});

test('ONNX Runtime fuses the whole quantized network into integer operators', async () => {
  const { model, ranges } = load('mobilenet');
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { model: small } = quantize(model, ranges, options);
  const folder = mkdtempSync(join(tmpdir(), 'fused-'));
  const optimizedModelFilePath = join(folder, 'fused.onnx');
  await InferenceSession.create(writeModel(small), { optimizedModelFilePath, logSeverityLevel: 3 });
  const fused = readModel(readFileSync(optimizedModelFilePath)).graph.nodes.map((node) => node.op);
  rmSync(folder, { recursive: true });
  const convolutions = model.graph.nodes.filter((node) => node.op === 'Conv').length;
  assert.equal(fused.filter((op) => op === 'QLinearConv').length, convolutions);
  const float = ['Conv', 'Add', 'Clip', 'Gemm', 'GlobalAveragePool'];
  assert.deepEqual(
    fused.filter((op) => float.includes(op)),
    [],
  );
});

test('an excluded node keeps its float weights', () => {
  const { model, ranges } = load('cnn');
  const [first] = model.graph.nodes;
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const exclude = new Set([first?.name ?? '']);
  const { model: small } = quantize(model, ranges, { ...options, exclude });
  assert.equal(small.graph.initializers.get(first?.inputs[1] ?? '')?.dtype, 'float32');
});

test('a Relu whose input is an output of the graph stays, and so does that output', () => {
  const builder = createGraphBuilder({ name: 'g' });
  const before = builder.op('Sigmoid', [builder.input('x', 'float32', [1])], { output: 'before' });
  builder.op('Relu', [before], { output: 'after' });
  for (const name of ['before', 'after']) builder.output(name, 'float32', [1]);
  const ranges = new Map(['x', 'before', 'after'].map((name) => [name, { min: -1, max: 1 }]));
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { graph } = quantize(builder.build(), ranges, options).model;
  const written = graph.nodes.flatMap((node) => node.outputs);
  assert.ok(written.includes('before') && written.includes('after'));
  assert.ok(graph.nodes.some((node) => node.op === 'Relu'));
});

test('a quantized model is not quantized again', () => {
  const { model, ranges } = load('cnn');
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const once = quantize(model, ranges, options).model;
  refuses(() => quantize(once, ranges, options), 'invalid-argument');
});

test('a value without a range is refused by name', () => {
  const builder = createGraphBuilder({ name: 'g' });
  builder.op('Sigmoid', [builder.input('x', 'float32', [1])], { output: 'y' });
  builder.output('y', 'float32', [1]);
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  refuses(() => quantize(builder.build(), new Map(), options), 'invalid-argument');
});

test('a bias that uint8 weights leave no room for is clipped and told, with int8 weights it fits', () => {
  const { model, ranges } = load('mixed');
  const how = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { report } = quantize(model, ranges, { ...how, weights: 'u8' });
  assert.ok(report.clippedBiases.length > 0);
  for (const { clipped, numbers } of report.clippedBiases) {
    assert.ok(clipped > 0 && clipped <= numbers);
  }
  assert.deepEqual(quantize(model, ranges, how).report.clippedBiases, []);
});

test('the gain of a normalisation keeps 8 bits where weights have fewer', () => {
  const { model, ranges } = load('transformer');
  const how = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const numbersBy = (weightBits: 8 | 3) => {
    const { graph } = quantize(model, ranges, { ...how, weightBits }).model;
    return (op: string) =>
      graph.nodes
        .filter((node) => node.op === op)
        .flatMap(({ inputs: [, weight] }) => {
          const source = graph.nodes.find(({ outputs }) => outputs[0] === weight);
          const integers = graph.initializers.get(source?.inputs[0] ?? '');
          return integers?.dtype === 'int8' ? Array.from(integers.data as Int8Array) : [];
        });
  };
  const [whole, few] = [numbersBy(8), numbersBy(3)];
  assert.ok(few('LayerNormalization').some((gain) => Math.abs(gain) > 3));
  assert.deepEqual(few('LayerNormalization'), whole('LayerNormalization'));
  assert.ok(few('MatMul').length > 0 && few('MatMul').every((weight) => Math.abs(weight) <= 3));
});

function load(name: string): { model: Model; ranges: Ranges } {
  const folder = new URL('../../../fixtures/quantize/', import.meta.url);
  const packed = readFileSync(new URL(`${name}.json.gz`, folder));
  const fixture = JSON.parse(gunzipSync(packed).toString()) as Fixture;
  const model = readModel(readFileSync(new URL(`${name}.onnx`, folder)));
  return { model, ranges: rangesOf(fixture, 'u8s8-channel') };
}

function refuses(action: () => unknown, code: string): void {
  assert.throws(action, (error) => error instanceof FleetError && error.code === code);
}
