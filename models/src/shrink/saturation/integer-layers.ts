import { consumersOf, floatOf, intOf, isFloat32, producersOf } from '../../onnx/edit.ts';
import type { Graph, Node } from '../../onnx/graph.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A Conv, Gemm or MatMul that ONNX Runtime computes with the integers of its inputs. */
export interface IntegerLayer {
  readonly node: Node;
  /** The node's name, or its first output where it has none. */
  readonly name: string;
  readonly input: Codes;
  readonly weight: WeightCodes;
  /** Sums start with these; one for each output channel. */
  readonly bias: Int32Array | undefined;
  /** How sums are rounded to bytes; `undefined` where they become float. */
  readonly output: Grid | undefined;
}

/** Integers and what they stand for: `scale * (code - zero)`. */
export interface Grid {
  readonly scale: number;
  readonly zero: number;
  readonly dtype: 'int8' | 'uint8';
}

/** A value of integers that the graph computes or is fed. */
export interface Codes extends Grid {
  readonly value: string;
}

/** Integers that the file holds. */
export interface WeightCodes {
  readonly data: Tensor<'int8'> | Tensor<'uint8'>;
  /** One, or one for each output channel. */
  readonly scales: Float32Array;
  readonly zeros: ArrayLike<number>;
}

const summing: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'MatMul']);

/**
 * The layers in graph order whose input and weight each come from a DequantizeLinear on bytes, the
 * weight from the file. ONNX Runtime 1.30 fuses them into QLinearConv, QGemm, QLinearMatMul or
 * MatMulIntegerToFloat; a Conv only where its output goes into one QuantizeLinear.
 */
export function integerLayersOf(graph: Graph): readonly IntegerLayer[] {
  const find = createFinder(graph);
  return graph.nodes.flatMap((node) => {
    if (!summing.has(node.op) || node.domain !== '') return [];
    const [data = '', weightName = '', biasName = ''] = node.inputs;
    const input = find.codes(data);
    const weight = find.weight(weightName);
    const bias = find.bias(biasName);
    const output = find.output(node.outputs[0] ?? '');
    const isFused = isPlain(node) && (node.op !== 'Conv' || output !== undefined);
    if (input === undefined || weight === undefined || bias === undefined || !isFused) return [];
    const name = node.name === '' ? (node.outputs[0] ?? '') : node.name;
    return [{ node, name, input, weight, bias: bias ?? undefined, output }];
  });
}

function isPlain(node: Node): boolean {
  return node.op !== 'Gemm' || (floatOf(node, 'beta', 1) === 1 && intOf(node, 'transA', 0) === 0);
}

function createFinder(graph: Graph) {
  const producers = producersOf(graph.nodes);
  const readers = consumersOf(graph.nodes);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const dequantized = (name: string): Node | undefined => {
    const node = producers.get(name);
    return node?.op === 'DequantizeLinear' ? node : undefined;
  };
  const constant = (name: string | undefined): Tensor | undefined =>
    graph.initializers.get(name ?? '') as Tensor | undefined;
  const gridOf = (node: Node): Grid | undefined => {
    const scale = constant(node.inputs[1]);
    const zero = constant(node.inputs[2]);
    if (!isFloat32(scale) || scale.data.length !== 1) return undefined;
    if (zero !== undefined && !isBytes(zero)) return undefined;
    const dtype = zero?.dtype ?? 'uint8';
    return { scale: scale.data[0] ?? 1, zero: zero?.data[0] ?? 0, dtype };
  };
  return {
    codes(name: string): Codes | undefined {
      const node = dequantized(name);
      const grid = node && gridOf(node);
      const [value = ''] = node?.inputs ?? [];
      return grid && constant(value) === undefined ? { value, ...grid } : undefined;
    },
    weight(name: string): WeightCodes | undefined {
      const node = dequantized(name);
      const [data, scales, zeros] = node?.inputs.map(constant) ?? [];
      if (!isBytes(data) || !isFloat32(scales)) return undefined;
      const none = new Int8Array(1);
      return { data, scales: scales.data, zeros: isBytes(zeros) ? zeros.data : none };
    },
    /** `null`: there is none; `undefined`: there is one that is not integers. */
    bias(name: string): Int32Array | null | undefined {
      if (name === '') return null;
      const data = constant(dequantized(name)?.inputs[0]);
      return data?.dtype === 'int32' ? (data.data as Int32Array) : undefined;
    },
    output(name: string): Grid | undefined {
      const [reader, ...others] = readers.get(name) ?? [];
      const isAlone = others.length === 0 && !outputs.has(name);
      return reader?.op === 'QuantizeLinear' && isAlone ? gridOf(reader) : undefined;
    },
  };
}

function isBytes(tensor: Tensor | undefined): tensor is Tensor<'int8'> | Tensor<'uint8'> {
  return tensor?.dtype === 'int8' || tensor?.dtype === 'uint8';
}
