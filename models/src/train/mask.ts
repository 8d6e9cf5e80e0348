import { createRandom } from '../random/random.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { purposes } from './purposes.ts';
import type { DropoutMask } from './training-step.ts';

/** Fills the mask of one dropout layer, in place: 0 where values are dropped, else 1 / (1 - ratio). */
export function createMask({ input, dims, ratio }: DropoutMask, seed: number) {
  const mask = tensor('float32', dims, new Float32Array(elementCount(dims)));
  return {
    /** The graph input that takes the mask. */
    input,
    /** The mask of a step; the same seed, step and layer always give the same. */
    fill(step: number, layer: number): Tensor<'float32'> {
      const random = createRandom(seed, purposes.dropout, step, layer);
      const kept = 1 / (1 - ratio);
      for (let at = 0; at < mask.data.length; at++) {
        mask.data[at] = random.next() < ratio ? 0 : kept;
      }
      return mask;
    },
  };
}
