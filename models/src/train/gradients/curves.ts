import type { BackwardCall, GradientRule } from './rule.ts';
import { floatOf, mask, textOf } from './write.ts';

/** Further operators that bend one tensor element by element. */
export const curveRules: Readonly<
  Record<
    'LeakyRelu' | 'Elu' | 'Softplus' | 'HardSigmoid' | 'HardSwish' | 'Gelu' | 'Erf' | 'Abs',
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
  /** With P the normal distribution and p its density: P(x) + x p(x), or the same of the tanh form. */
  Gelu: {
    backward: (call) => {
      const isBent = textOf(call.attributes, 'approximate', 'none') === 'tanh';
      return [times(call, isBent ? bentGeluSlope(call) : geluSlope(call))];
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

function geluSlope({ graph, inputs: [input = ''] }: BackwardCall): string {
  const scale = (value: string, factor: number): string =>
    graph.op('Mul', [value, graph.scalar(factor)]);
  const spread = graph.op('Erf', [scale(input, Math.SQRT1_2)]);
  const share = graph.op('Add', [scale(spread, 0.5), graph.scalar(0.5)]);
  const bell = graph.op('Exp', [scale(graph.op('Mul', [input, input]), -0.5)]);
  const density = scale(bell, 1 / Math.sqrt(2 * Math.PI));
  return graph.op('Add', [share, graph.op('Mul', [input, density])]);
}

/** y = x (1 + t) / 2, t = tanh(u), u = k (x + c x^3): (1 + t) / 2 + x (1 - t^2) k (1 + 3 c x^2) / 2. */
function bentGeluSlope({ graph, inputs: [input = ''] }: BackwardCall): string {
  const [k, c] = [Math.sqrt(2 / Math.PI), 0.044715];
  const line = (value: string, factor: number, offset: number): string =>
    graph.op('Add', [graph.op('Mul', [value, graph.scalar(factor)]), graph.scalar(offset)]);
  const square = graph.op('Mul', [input, input]);
  const bend = graph.op('Mul', [input, line(square, k * c, k)]);
  const t = graph.op('Tanh', [bend]);
  const slope = line(graph.op('Mul', [t, t]), -0.5, 0.5);
  const steep = graph.op('Mul', [slope, line(square, 3 * k * c, k)]);
  return graph.op('Add', [line(t, 0.5, 0.5), graph.op('Mul', [input, steep])]);
}

const times = (call: BackwardCall, slope: string): string =>
  call.graph.op('Mul', [call.gradient, slope]);

/** 1 where a value lies strictly between two bounds, else 0. */
function between(call: BackwardCall, value: string, [low, high]: readonly [number, number]) {
  const above = mask(call.graph, 'Greater', value, low);
  return call.graph.op('Mul', [above, mask(call.graph, 'Less', value, high)]);
}
