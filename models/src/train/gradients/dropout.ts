import { FleetError } from '@edgewise/protocol';
import type { GradientRule } from './rule.ts';

/**
 * Dropout whose mask is an input of the training graph: 0 where a value is dropped, 1/(1 - ratio)
 * where it is kept. The trainer fills it from its seed, so that a step can be repeated exactly.
 */
export const dropoutRules: Readonly<Record<'Dropout', GradientRule>> = {
  Dropout: {
    forward: (call) => {
      const [input = '', ratio = ''] = call.inputs;
      const [output = ''] = call.outputs;
      if (call.constant(ratio) === undefined) {
        throw new FleetError('unsupported', 'Dropout can be trained only with a constant ratio.');
      }
      const mask = call.graph.input(maskName(output), 'float32', call.dims(input));
      call.graph.op('Mul', [input, mask], { output });
      return { mask };
    },
    backward: (call) => [call.graph.op('Mul', [call.gradient, call.saved.mask ?? ''])],
  },
};

/** Name of the mask input for the Dropout node with this output. */
export const maskName = (output: string): string => `${output}_mask`;
