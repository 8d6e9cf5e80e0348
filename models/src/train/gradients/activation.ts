import { FleetError } from '@edgewise/protocol';
import { int } from '../../onnx/builder.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, floatType, integerOf, sum } from './write.ts';

/** Operators that shape one tensor element by element, and softmax. */
export const activationRules: Readonly<
  Record<'Relu' | 'Clip' | 'Sigmoid' | 'Tanh' | 'Softmax' | 'LogSoftmax', GradientRule>
> = {
  Relu: { backward: (call) => [within(call, { low: 0, high: undefined })] },
  /** The gradient passes where the value lies strictly between the bounds. */
  Clip: {
    backward: (call) => [within(call, { low: boundOf(call, 1), high: boundOf(call, 2) })],
  },
  /** s' = s (1 - s) = s - s^2 */
  Sigmoid: {
    backward: (call) => {
      const [output = ''] = call.outputs;
      const square = call.graph.op('Mul', [output, output]);
      return [call.graph.op('Mul', [call.gradient, call.graph.op('Sub', [output, square])])];
    },
  },
  /** t' = 1 - t^2 */
  Tanh: {
    backward: (call) => {
      const [output = ''] = call.outputs;
      const square = call.graph.op('Mul', [output, output]);
      const slope = call.graph.op('Sub', [call.graph.scalar(1), square]);
      return [call.graph.op('Mul', [call.gradient, slope])];
    },
  },
  /** dx = p (dy - sum(dy p)) */
  Softmax: {
    backward: (call) => {
      const { graph, gradient } = call;
      const [probability = ''] = call.outputs;
      const total = sum(
        graph,
        graph.op('Mul', [gradient, probability]),
        [softmaxAxis(call)],
        'keep',
      );
      return [graph.op('Mul', [probability, graph.op('Sub', [gradient, total])])];
    },
  },
  /** dx = dy - exp(y) sum(dy) */
  LogSoftmax: {
    backward: (call) => {
      const { graph, gradient } = call;
      const total = sum(graph, gradient, [softmaxAxis(call)], 'keep');
      const probability = graph.op('Exp', [call.outputs[0] ?? '']);
      return [graph.op('Sub', [gradient, graph.op('Mul', [probability, total])])];
    },
  },
};

/** The gradient where the output lies between bounds, 0 elsewhere. */
function within(
  call: BackwardCall,
  { low, high }: { readonly low: number | undefined; readonly high: number | undefined },
): string {
  const { graph, gradient } = call;
  const [output = ''] = call.outputs;
  const inside = [
    ...(low === undefined ? [] : [graph.op('Greater', [output, graph.scalar(low)])]),
    ...(high === undefined ? [] : [graph.op('Less', [output, graph.scalar(high)])]),
  ];
  if (inside.length === 0) return gradient;
  // Truth values are a quarter as large as numbers: they are joined first.
  const both = inside.reduce((left, right) => graph.op('And', [left, right]));
  const mask = graph.op('Cast', [both], { attributes: { to: int(floatType) } });
  return graph.op('Mul', [mask, gradient]);
}

function boundOf(call: BackwardCall, input: number): number | undefined {
  const name = call.inputs[input] ?? '';
  if (name === '') return undefined;
  const bound = call.constant(name)?.[0];
  if (bound !== undefined) return bound;
  throw new FleetError('unsupported', 'Clip can be trained only with constant bounds.');
}

function softmaxAxis(call: BackwardCall): number {
  const rank = call.dims(call.inputs[0] ?? '').length;
  return axisOf(integerOf(call.attributes, 'axis', -1), rank);
}
