import { FleetError } from '@edgewise/protocol';
import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, integerOf, mask, sum } from './write.ts';

/** Operators that shape one tensor element by element, and softmax. */
export const activationRules: Readonly<
  Record<'Relu' | 'Clip' | 'Sigmoid' | 'Tanh' | 'Softmax' | 'LogSoftmax', GradientRule>
> = {
  Relu: {
    backward: (call) => [masked(call, [mask(call.graph, 'Greater', call.outputs[0] ?? '', 0)])],
  },
  /** The gradient passes where the value lies strictly between the bounds. */
  Clip: {
    backward: (call) => {
      const [output = ''] = call.outputs;
      const low = boundOf(call, 1);
      const high = boundOf(call, 2);
      return [
        masked(call, [
          ...(low === undefined ? [] : [mask(call.graph, 'Greater', output, low)]),
          ...(high === undefined ? [] : [mask(call.graph, 'Less', output, high)]),
        ]),
      ];
    },
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

function masked(call: BackwardCall, masks: readonly string[]): string {
  return masks.reduce((gradient, part) => call.graph.op('Mul', [part, gradient]), call.gradient);
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
