import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession } from 'onnxruntime-node';
import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model, Node } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import type { QuantizeOptions } from './options.ts';
import { quantize } from './quantize.ts';

/** What Python's quantize_static 1.30 made of a model; see fixtures/quantize/generate.py. */
interface Expected {
  readonly activations: Readonly<Record<string, { type: string; scale: number; zero: number }>>;
  readonly constants: Readonly<
    Record<string, { type: string; data: string; scales: number[]; zeros: number[] }>
  >;
  readonly nodes: readonly string[];
}
interface Fixture {
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  readonly quantized: Readonly<Record<string, Expected>>;
}

const configurations: Readonly<Record<string, QuantizeOptions>> = {
  'u8-channel': { activations: 'u8', perChannel: true, reduceRange: false },
  's8-channel': { activations: 's8', perChannel: true, reduceRange: false },
  'u8-tensor': { activations: 'u8', perChannel: false, reduceRange: false },
  'u8-channel-reduced': { activations: 'u8', perChannel: true, reduceRange: true },
  's8-tensor-reduced': { activations: 's8', perChannel: false, reduceRange: true },
};

for (const name of ['cnn', 'mobilenet', 'mixed']) {
  for (const [label, options] of Object.entries(configurations)) {
    test(`${name} ${label} is what quantize_static gives, number for number`, () => {
      const { model, ranges, quantized } = load(name);
      const found = describeModel(quantize(model, ranges, options).model);
      const expected = quantized[label];
      assert.deepEqual(found.nodes, expected?.nodes);
      assert.deepEqual(found.activations, expected?.activations);
      assert.deepEqual(found.constants, expected?.constants);
    });
  }
}

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

function load(name: string): { model: Model; ranges: Ranges } & Pick<Fixture, 'quantized'> {
  const folder = new URL('../../../fixtures/quantize/', import.meta.url);
  const model = readModel(readFileSync(new URL(`${name}.onnx`, folder)));
  const fixture = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Fixture;
  const ranges = Object.entries(fixture.ranges).map(
    ([value, [min, max]]) => [value, { min, max }] as const,
  );
  return { model, ranges: new Map(ranges), quantized: fixture.quantized };
}

function describeModel({ graph }: Model): Expected {
  const activations: Record<string, Expected['activations'][string]> = {};
  const constants: Record<string, Expected['constants'][string]> = {};
  const numbersOf = (name: string | undefined): number[] =>
    Array.from(graph.initializers.get(name ?? '')?.data as Float32Array);
  const typeOf = (name: string | undefined): string =>
    String(graph.initializers.get(name ?? '')?.dtype);
  const paramsOf = ({ inputs: [, scale, zero] }: Node) =>
    [numbersOf(scale), numbersOf(zero)] as const;
  for (const node of graph.nodes) {
    const [scales, zeros] = node.op.endsWith('eLinear') ? paramsOf(node) : [[], []];
    const integers = graph.initializers.get(node.inputs[0] ?? '')?.data;
    if (node.op === 'QuantizeLinear') {
      const name = (node.inputs[0] ?? '').replace(/_float$/, '');
      const type = typeOf(node.inputs[2]);
      activations[name] = { type, scale: scales[0] ?? 0, zero: zeros[0] ?? 0 };
    } else if (node.op === 'DequantizeLinear' && integers !== undefined) {
      const { buffer, byteOffset, byteLength } = integers as Int8Array;
      const data = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
      constants[node.outputs[0] ?? ''] = { type: typeOf(node.inputs[0]), data, scales, zeros };
    }
  }
  const rest = graph.nodes.filter((node) => !node.op.endsWith('eLinear'));
  return { activations, constants, nodes: rest.map((node) => node.name).toSorted() };
}

function refuses(action: () => unknown, code: string): void {
  assert.throws(action, (error) => error instanceof FleetError && error.code === code);
}
