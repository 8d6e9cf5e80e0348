import { int, ints } from '../../onnx/builder.ts';
import { weightGradient } from './conv.ts';
import type { Convolution } from './convolution.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { at, windowGeometry } from './window.ts';
import { integerOf, sum } from './write.ts';

/**
 * ConvTranspose is the gradient of a convolution that goes from its output to its input. So its own
 * gradient by the input is that convolution, and by the weights it is the convolution's, with input
 * and output exchanged.
 */
export const convTransposeRules: Readonly<Record<'ConvTranspose', GradientRule>> = {
  ConvTranspose: {
    backward: (call) => {
      const reverse = reverseConvolution(call);
      return [
        call.wants(0) ? inputGradient(reverse) : undefined,
        call.wants(1) ? weightGradient(reverse) : undefined,
        call.wants(2) ? sum(call.graph, call.gradient, [0, ...reverse.axes]) : undefined,
      ];
    },
  },
};

/** The convolution from output to input. What the operator calls its gradient is this one's input. */
function reverseConvolution(call: BackwardCall): Convolution {
  const [input = '', weight = ''] = call.inputs;
  const [output = ''] = call.outputs;
  const weightDims = call.dims(weight);
  const [batch = 0, inChannels = 0] = call.dims(output);
  const exchanged = { ...call, inputs: [output, weight], outputs: [input] };
  const geometry = windowGeometry(exchanged, weightDims.slice(2));
  const names = { graph: call.graph, source: call.gradient, weight, gradient: input };
  const groups = integerOf(call.attributes, 'group', 1);
  const outChannels = at(weightDims, 0);
  return { ...geometry, ...names, batch, inChannels, outChannels, groups, weightDims };
}

function inputGradient(reverse: Convolution): string {
  const { graph, source, weight, kernel, strides, dilations, before, after, groups } = reverse;
  return graph.op('Conv', [source, weight], {
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(strides),
      dilations: ints(dilations),
      pads: ints([...before, ...after.map((amount) => Math.max(0, amount))]),
      group: int(groups),
    },
  });
}
