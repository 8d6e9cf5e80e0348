import type { GraphBuilder } from '../../onnx/builder.ts';
import type { WindowGeometry } from './window.ts';

/**
 * A convolution with its sizes, `[batch, inChannels, ...]` to `[batch, outChannels, ...]`, and what
 * its gradients are made of.
 */
export interface Convolution extends WindowGeometry {
  readonly graph: GraphBuilder;
  /** Names of the input, the weights and the derivative by the output. */
  readonly source: string;
  readonly weight: string;
  readonly gradient: string;
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly weightDims: readonly number[];
}
