import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, floatOf, integerOf, range, sum, sumTo } from './write.ts';

/**
 * LayerNormalization over the axes from `axis` on. With n the normalised input, i the inverse
 * deviation, g = dy scale and M values per mean (Ba et al. 2016): dx = i (g - mean(g) - n mean(g n)).
 */
export const layerNormRules: Readonly<Record<'LayerNormalization', GradientRule>> = {
  LayerNormalization: {
    forward: (call) => {
      const { graph } = call;
      const [input = '', scale = '', bias = ''] = call.inputs;
      const mean = averageOf(call, input);
      const centred = graph.op('Sub', [input, mean]);
      const spread = averageOf(call, graph.op('Mul', [centred, centred]));
      const epsilon = graph.scalar(floatOf(call.attributes, 'epsilon', 1e-5));
      const deviation = graph.op('Sqrt', [graph.op('Add', [spread, epsilon])]);
      const inverse = graph.op('Div', [graph.scalar(1), deviation]);
      const normal = graph.op('Mul', [centred, inverse]);
      const [output = ''] = call.outputs;
      if (bias === '') graph.op('Mul', [normal, scale], { output });
      else graph.op('Add', [graph.op('Mul', [normal, scale]), bias], { output });
      return { inverse, normal };
    },
    backward,
  },
};

function backward(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, gradient, saved } = call;
  const { inverse = '', normal = '' } = saved;
  const [input = '', scale = '', bias = ''] = call.inputs;
  const dims = call.dims(input);
  const byInput = (): string => {
    const scaled = graph.op('Mul', [gradient, scale]);
    const along = averageOf(call, graph.op('Mul', [scaled, normal]));
    const level = graph.op('Sub', [scaled, averageOf(call, scaled)]);
    const pulled = graph.op('Sub', [level, graph.op('Mul', [normal, along])]);
    return graph.op('Mul', [pulled, inverse]);
  };
  const byScale = () => sumTo(graph, graph.op('Mul', [gradient, normal]), dims, call.dims(scale));
  return [
    call.wants(0) ? byInput() : undefined,
    call.wants(1) ? byScale() : undefined,
    call.wants(2) ? sumTo(graph, gradient, dims, call.dims(bias)) : undefined,
  ];
}

function averageOf(
  call: Pick<BackwardCall, 'graph' | 'dims' | 'inputs' | 'attributes'>,
  value: string,
) {
  const dims = call.dims(call.inputs[0] ?? '');
  const first = axisOf(integerOf(call.attributes, 'axis', -1), dims.length);
  const axes = range(dims.length).filter((axis) => axis >= first);
  const count = axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
  return call.graph.op('Mul', [sum(call.graph, value, axes, 'keep'), call.graph.scalar(1 / count)]);
}
