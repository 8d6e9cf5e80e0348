import type { BackwardCall, GradientRule } from './rule.ts';
import { floatOf, mask } from './write.ts';

/** Further operators that bend one tensor element by element. */
export const curveRules: Readonly<
  Record<
    'LeakyRelu' | 'Elu' | 'Softplus' | 'HardSigmoid' | 'HardSwish' | 'Erf' | 'Abs',
    GradientRule
  >
> = {
  /** 1 above zero, alpha below: alpha + (1 - alpha) [x > 0] */
  LeakyRelu: {
    backward: (call) => {
      const { graph } = call;
      const alpha = floatOf(call.attributes, 'alpha', 0.01);
      const above = mask(graph, 'Greater', call.inputs[0] ?? '', 0);
      const rise = graph.op('Mul', [above, graph.scalar(1 - alpha)]);
      return [times(call, graph.op('Add', [rise, graph.scalar(alpha)]))];
    },
  },
  /** 1 above zero; below, where y = alpha (exp(x) - 1), it is y + alpha */
  Elu: {
    backward: (call) => {
      const { graph } = call;
      const [input = ''] = call.inputs;
      const [output = ''] = call.outputs;
      const alpha = floatOf(call.attributes, 'alpha', 1);
      const above = mask(graph, 'Greater', input, 0);
      const below = graph.op('Sub', [graph.scalar(1), above]);
      const bent = graph.op('Add', [output, graph.scalar(alpha)]);
      return [times(call, graph.op('Add', [above, graph.op('Mul', [below, bent])]))];
    },
  },
  /** log(1 + exp(x))' = sigmoid(x) */
  Softplus: {
    backward: (call) => [times(call, call.graph.op('Sigmoid', [call.inputs[0] ?? '']))],
  },
  /** alpha where alpha x + beta lies strictly between 0 and 1 */
  HardSigmoid: {
    backward: (call) => {
      const { graph } = call;
      const alpha = floatOf(call.attributes, 'alpha', 0.2);
      const inside = between(call, call.outputs[0] ?? '', [0, 1]);
      return [times(call, graph.op('Mul', [inside, graph.scalar(alpha)]))];
    },
  },
  /** x h(x) with h = hard sigmoid of slope 1/6 about 1/2: h + x / 6 within (-3, 3), h outside */
  HardSwish: {
    backward: (call) => {
      const { graph } = call;
      const [input = ''] = call.inputs;
      const shifted = graph.op('Mul', [input, graph.scalar(1 / 6)]);
      const raised = graph.op('Add', [shifted, graph.scalar(0.5)]);
      const gate = graph.op('Clip', [raised, graph.scalar(0), graph.scalar(1)]);
      const slope = graph.op('Mul', [between(call, input, [-3, 3]), shifted]);
      return [times(call, graph.op('Add', [gate, slope]))];
    },
  },
  /** 2 / sqrt(pi) exp(-x^2) */
  Erf: {
    backward: (call) => {
      const { graph } = call;
      const [input = ''] = call.inputs;
      const square = graph.op('Mul', [input, input]);
      const bell = graph.op('Exp', [graph.op('Neg', [square])]);
      return [times(call, graph.op('Mul', [bell, graph.scalar(2 / Math.sqrt(Math.PI))]))];
    },
  },
  Abs: { backward: (call) => [times(call, call.graph.op('Sign', [call.inputs[0] ?? '']))] },
};

const times = (call: BackwardCall, slope: string): string =>
  call.graph.op('Mul', [call.gradient, slope]);

/** 1 where a value lies strictly between two bounds, else 0. */
function between(call: BackwardCall, value: string, [low, high]: readonly [number, number]) {
  const above = mask(call.graph, 'Greater', value, low);
  return call.graph.op('Mul', [above, mask(call.graph, 'Less', value, high)]);
}
