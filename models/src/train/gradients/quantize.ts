import type { GradientRule } from './rule.ts';

/**
 * Quantization with the straight-through estimator (Bengio et al. 2013): rounding counts as the
 * identity, so that what lies between both operators carries gradients by real numbers. Values that
 * the grid would clip need a Clip before it, which withholds their gradient.
 */
export const quantizeRules: Readonly<Record<'QuantizeLinear' | 'DequantizeLinear', GradientRule>> =
  {
    QuantizeLinear: { backward: (call) => [call.gradient] },
    DequantizeLinear: { backward: (call) => [call.gradient] },
  };
