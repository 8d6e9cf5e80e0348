/** What Python's quantize_static 1.30 made of a model, and the same view of one of ours. */
import { toBase64 } from '../../../bundle/base64.ts';
import type { Graph, Node } from '../../../onnx/graph.ts';
import type { Ranges } from '../../calibrate/ranges.ts';
import type { QuantizeOptions } from '../options.ts';

/** Scales and integers by name; see fixtures/quantize/describe.py. */
export interface Description {
  readonly activations: Readonly<
    Record<string, readonly [type: string, scale: number, zero: number]>
  >;
  /** `integers` and `scales` are base64; large constants have a SHA-256 instead of their integers. */
  readonly constants: Readonly<
    Record<string, readonly [type: string, integers: string, scales: string, zeros: number[]]>
  >;
  readonly nodes: readonly string[];
}

/** One model's fixture. */
export interface Fixture {
  /** By calibration method, then by value: least and greatest. */
  readonly ranges: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>;
  /** By the name of the configuration. */
  readonly quantized: Readonly<Record<string, Description>>;
}

/** The ranges that a configuration of a fixture was made with. */
export function rangesOf(fixture: Fixture, label: string): Ranges {
  const method = label.endsWith('percentile') ? 'percentile' : 'minmax';
  const entries = Object.entries(fixture.ranges[method] ?? {});
  return new Map(entries.map(([value, [min, max]]) => [value, { min, max }]));
}

/** Our options for a configuration such as `u8s8-channel-reduced`. */
export function optionsOf(label: string): QuantizeOptions {
  const [types = '', ...words] = label.split('-');
  return {
    activations: types.startsWith('u8') ? 'u8' : 's8',
    weights: types.endsWith('u8') ? 'u8' : 's8',
    perChannel: words.includes('channel'),
    reduceRange: words.includes('reduced'),
    symmetricActivations: words.includes('symmetric'),
  };
}

/** The same view of a graph that `quantize` made; integers are written as the fixture has them. */
export function describeGraph(
  graph: Graph,
  write: (integers: ArrayBufferView) => string = base64Of,
): Description {
  const activations: Record<string, Description['activations'][string]> = {};
  const constants: Record<string, Description['constants'][string]> = {};
  for (const node of graph.nodes) {
    const { type, scales, zeros } = gridOf(graph, node);
    const integers = graph.initializers.get(node.inputs[0] ?? '')?.data as Int8Array | undefined;
    if (node.op === 'QuantizeLinear') {
      const name = (node.inputs[0] ?? '').replace(/_float$/, '');
      activations[name] = [type, scales[0] ?? 0, zeros[0] ?? 0];
    } else if (node.op === 'DequantizeLinear' && integers !== undefined) {
      const name = node.outputs[0] ?? '';
      constants[name] = [type, write(integers), base64Of(scales), distinct(zeros)];
    }
  }
  const rest = graph.nodes.filter((node) => !node.op.endsWith('eLinear') && node.name !== '');
  return { activations, constants, nodes: rest.map((node) => node.name).toSorted() };
}

function gridOf({ initializers }: Graph, { op, inputs: [, scale = '', zero = ''] }: Node) {
  if (!op.endsWith('eLinear')) return { type: '', scales: new Float32Array(), zeros: [] };
  const scales = initializers.get(scale)?.data as Float32Array;
  const { dtype: type = '', data = [] } = initializers.get(zero) ?? {};
  return { type, scales, zeros: Array.from(data as Int8Array) };
}

const base64Of = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  toBase64(new Uint8Array(buffer, byteOffset, byteLength));

function distinct(zeros: readonly number[]): number[] {
  return [...new Set(zeros)].toSorted((a, b) => a - b);
}
