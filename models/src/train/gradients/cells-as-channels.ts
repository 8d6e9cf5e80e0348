import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';

/** So many channels are few: what windows see of them is gathered cell by cell. */
export const fewChannels = 4;

/** A window that moves over `[batch, channels, ...]`. */
export interface SlidingWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations?: readonly number[];
  /** Cells before the first and after the last input cell, as nodes have them. */
  readonly pads: readonly number[];
}

/**
 * What each window sees, every cell as a channel: `[batch, channels * cells, ...]`. A convolution whose
 * weights are one 1 for each cell: engines use all threads for it, and only one to slice and to join.
 */
export function cellsAsChannels(
  graph: GraphBuilder,
  { source, channels }: { readonly source: string; readonly channels: number },
  { kernel, strides, dilations, pads }: SlidingWindow,
): string {
  const size = elementCount(kernel);
  const data = new Float32Array(channels * size * size);
  for (let row = 0; row < channels * size; row++) data[row * size + (row % size)] = 1;
  const weight = graph.constant(tensor('float32', [channels * size, 1, ...kernel], data));
  return graph.op('Conv', [source, weight], {
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(strides),
      ...(dilations && { dilations: ints(dilations) }),
      pads: ints(pads),
      group: int(channels),
    },
  });
}
