import { roundHalfEven } from '../quantize/formulas.ts';
import type { IntegerLayer } from './integer-layers.ts';

const limits = { int8: [-128, 127], uint8: [0, 255] } as const;

/** Turns the sum of a channel into what the layer gives: a code, or a float where it is not rounded. */
export type Finish = (sum: number, channel: number) => number;

/** How ONNX Runtime ends a layer: scales divided in float32, the sum scaled in float32, ties to even. */
export function finishOf({ input, weight, output, bias }: IntegerLayer): Finish {
  const factors = weight.scales.map((scale) => {
    const product = Math.fround(input.scale * scale);
    return output === undefined ? product : Math.fround(product / output.scale);
  });
  const factorAt = (channel: number): number => factors[factors.length === 1 ? 0 : channel] ?? 1;
  const biased = (sum: number, channel: number): number => (sum + (bias?.[channel] ?? 0)) | 0;
  if (output === undefined) {
    return (sum, channel) => Math.fround(biased(sum, channel) * factorAt(channel));
  }
  const [low, high] = limits[output.dtype];
  const { zero } = output;
  return (sum, channel) => {
    const scaled = Math.fround(Math.fround(biased(sum, channel)) * factorAt(channel));
    return Math.min(Math.max(roundHalfEven(scaled) + zero, low), high);
  };
}
