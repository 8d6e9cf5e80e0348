import { tensor } from '../../tensor/tensor.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, integerOf, integersOf, range, reshape } from './write.ts';

/** Sums and means over axes. */
export const reduceRules: Readonly<Record<'ReduceSum' | 'ReduceMean', GradientRule>> = {
  ReduceSum: { backward: (call) => [spread(call, () => 1)] },
  ReduceMean: { backward: (call) => [spread(call, (count) => 1 / count)] },
};

/** Gives every reduced element the gradient of its sum, times a factor of their number. */
function spread(call: BackwardCall, factor: (count: number) => number): string {
  const { graph } = call;
  const dims = call.dims(call.inputs[0] ?? '');
  const axes = new Set(reducedAxes(call).map((axis) => axisOf(axis, dims.length)));
  const reduced = dims.filter((_, axis) => axes.has(axis));
  const count = reduced.reduce((product, size) => product * size, 1);
  const kept = dims.map((size, axis) => (axes.has(axis) ? 1 : size));
  const fill = dims.map((size, axis) => (axes.has(axis) ? size : 1));
  const share = new Float32Array(count).fill(factor(count));
  const gradient = reshape(graph, call.gradient, kept);
  return graph.op('Mul', [gradient, graph.constant(tensor('float32', fill, share))]);
}

/**
 * The axes that a reduction takes away: from the attribute (up to opset 17) or the second input
 * (ReduceSum from 13, the others from 18).
 */
export function reducedAxes(call: BackwardCall): readonly number[] {
  const [input = '', axes = ''] = call.inputs;
  const given = axes === '' ? integersOf(call.attributes, 'axes') : call.constant(axes);
  if (given !== undefined && given.length > 0) return given;
  const idle = integerOf(call.attributes, 'noop_with_empty_axes', 0) === 1;
  return idle ? [] : range(call.dims(input).length);
}
