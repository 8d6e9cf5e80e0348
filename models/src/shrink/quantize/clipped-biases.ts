import type { Graph } from '../../onnx/graph.ts';

/** A bias of which numbers did not fit 32 bits. */
export interface ClippedBias {
  /** Name of the float constant. */
  readonly bias: string;
  readonly numbers: number;
  /** How many of them became the least or the greatest integer. */
  readonly clipped: number;
}

const [least, greatest] = [-(2 ** 31), 2 ** 31 - 1];

/**
 * Biases of an int8 graph that were clipped, in graph order. Scales of int8 weights are enlarged until
 * the bias fits; those of uint8 weights are not, neither here nor by Python's `quantize_static`, which
 * does not tell.
 */
export function clippedBiasesOf({ nodes, initializers }: Graph): readonly ClippedBias[] {
  return nodes.flatMap(({ op, inputs, outputs }) => {
    const integers = op === 'DequantizeLinear' ? initializers.get(inputs[0] ?? '') : undefined;
    if (integers?.dtype !== 'int32') return [];
    const data = integers.data as Int32Array;
    const clipped = data.filter((value) => value === least || value === greatest).length;
    return clipped === 0 ? [] : [{ bias: outputs[0] ?? '', numbers: data.length, clipped }];
  });
}
