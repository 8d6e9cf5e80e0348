/** The numbers of an int8 file by tensor, under names that do not depend on who wrote it. */
import { createHash } from 'node:crypto';
import type { Graph, Initializer, Model } from '@edgewise/models/onnx';

/** Scales and integers of a QDQ file; see fixtures/like-onnxruntime/generate.py. */
export interface Int8Numbers {
  readonly activations: Readonly<
    Record<string, readonly [type: string, scale: number, zero: number]>
  >;
  /** Integers and scales in base64; of a shipped network a SHA-256 instead of the integers. */
  readonly constants: Readonly<
    Record<string, readonly [type: string, integers: string, scales: string, zeros: number[]]>
  >;
  /** Names of the nodes that are neither QuantizeLinear nor DequantizeLinear. */
  readonly nodes: readonly string[];
}

/** Reads them from a file that `edgewise quantize` wrote. */
export function int8NumbersOf({ graph }: Model, write: (data: Uint8Array) => string): Int8Numbers {
  const activations: Record<string, Int8Numbers['activations'][string]> = {};
  const constants: Record<string, Int8Numbers['constants'][string]> = {};
  const rest: string[] = [];
  for (const { op, name, inputs, outputs } of graph.nodes) {
    const [input = '', scale = '', zero = ''] = inputs;
    const integers = graph.initializers.get(input);
    const zeros = numbersOf(graph, zero);
    if (op === 'QuantizeLinear') {
      const [scaleNumber = 0] = numbersOf(graph, scale);
      const type = graph.initializers.get(zero)?.dtype ?? '';
      activations[input.replace(/_float$/, '')] = [type, scaleNumber, zeros[0] ?? 0];
    } else if (op === 'DequantizeLinear' && integers !== undefined) {
      const distinct = [...new Set(zeros)].toSorted((a, b) => a - b);
      const scales = graph.initializers.get(scale);
      constants[outputs[0] ?? ''] = [
        ...([integers.dtype, write(bytesOf(integers)), base64(bytesOf(scales))] as const),
        distinct,
      ];
    } else if (op !== 'DequantizeLinear' && name !== '') rest.push(name);
  }
  return { activations, constants, nodes: rest.toSorted() };
}

/** Bytes as text, whole. */
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Bytes as text, in short. */
export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const numbersOf = ({ initializers }: Graph, name: string): number[] =>
  Array.from((initializers.get(name)?.data ?? []) as Float32Array);

function bytesOf(constant: Initializer | undefined): Uint8Array {
  const data = constant?.data;
  if (!ArrayBuffer.isView(data)) return new Uint8Array();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
