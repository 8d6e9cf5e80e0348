import { FleetError } from '@edgewise/protocol';
import { nameOf } from '../../onnx/edit.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import type { Ranges } from '../../shrink/calibrate/ranges.ts';
import { prepare } from '../../shrink/prepare.ts';
import type { WeightBits } from '../../shrink/quantize/formulas.ts';
import { quantize, weightParams } from '../../shrink/quantize/quantize.ts';
import { quantizedLayersOf } from '../../shrink/quantized-layers.ts';

/**
 * Refuses a network with weights that devices would round to few bits and training could not: throws
 * `unsupported` and names the node. Of 8 bits nothing is refused, for such rounding needs no training.
 */
export function assertRoundable(model: Model, weightBits: WeightBits): void {
  if (weightBits === 8) return;
  const prepared = prepare(model);
  const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const ranges = anyRanges(prepared.graph);
  const { graph } = quantize(prepared, ranges, options).model;
  const trained = new Set(quantizedLayersOf(graph).map(({ weight }) => weight.name));
  const left = [...weightParams(prepared, ranges, options).keys()].find(
    (name) => !trained.has(name),
  );
  if (left === undefined) return;
  const node = graph.nodes.find(({ inputs }) => inputs.includes(left));
  const what = node === undefined ? `Weight "${left}"` : `Node "${nameOf(node)}" (${node.op})`;
  throw new FleetError(
    'unsupported',
    `${what}: "quantization" trains Conv, ConvTranspose and Gemm whose weights nobody else reads for ${weightBits} bits, but not this one. Set its "weightBits" to 8, or leave it out: the trained model is shrunk to int8 all the same.`,
  );
}

/** Which weights are rounded does not depend on the ranges. */
function anyRanges({ inputs, nodes, initializers }: Graph): Ranges {
  const names = [
    ...inputs.map(({ name }) => name),
    ...initializers.keys(),
    ...nodes.flatMap(({ outputs }) => outputs),
  ];
  return new Map(names.map((name) => [name, { min: -1, max: 1 }]));
}
