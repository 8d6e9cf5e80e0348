import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Limits, type Params, quantizeNumber } from '../quantize/formulas.ts';
import type { Bounds, RoundableLayer } from './layers.ts';
import { channelOf } from './product-layout.ts';
import type { RowBatch } from './sample-rows.ts';

/**
 * What is to be decided for one layer: for each weight, whether `below` or the integer above it. All
 * tensors lie as `[groups, depth, width]`, with depth 1 where a number belongs to a channel.
 */
export interface RoundingProblem {
  /** The integers at or below the weights, in steps of the grid. */
  readonly below: Tensor<'float32'>;
  /** How far each weight lies above that, 0 to 1. */
  readonly share: Float32Array;
  /** The integers that are nearest, within the limits. */
  readonly nearest: Float32Array;
  readonly scales: Tensor<'float32'>;
  readonly bias: Tensor<'float32'> | undefined;
  readonly bounds: Bounds | undefined;
  readonly limits: Limits;
}

/** The problem of a layer with its float weights and their grids. */
export function problemOf(
  { layout, bias, bounds }: Pick<RoundableLayer, 'layout' | 'bias' | 'bounds'>,
  weights: Float32Array,
  { params, limits }: { readonly params: readonly Params[]; readonly limits: Limits },
): RoundingProblem {
  const { groups, depth, width, places } = layout;
  const [below, share, nearest] = [0, 0, 0].map(() => new Float32Array(weights.length)) as [
    ...[Float32Array, Float32Array, Float32Array],
  ];
  // One grid for all, for each channel, or (ConvTranspose) for each channel of any group.
  const grid = (channel: number): Params =>
    params[channel % params.length] ?? { scale: 1, zero: 0 };
  for (const [at, place] of places.entries()) {
    const channel = channelOf(place, layout);
    const value = weights[at] ?? 0;
    const steps = Math.fround(value / grid(channel).scale);
    below[place] = Math.floor(steps);
    share[place] = steps - Math.floor(steps);
    nearest[place] = quantizeNumber(value, grid(channel), limits);
  }
  const channels = groups * width;
  const perChannel = (numbers: Float32Array) => tensor('float32', [groups, 1, width], numbers);
  return {
    below: tensor('float32', [groups, depth, width], below),
    share,
    nearest,
    scales: perChannel(Float32Array.from({ length: channels }, (_, c) => grid(c).scale)),
    bias: bias === undefined ? undefined : perChannel(bias),
    bounds,
    limits,
  };
}

/** The integers for a choice, in the order of the weight in the file. */
export function integersOf(chosen: Float32Array, places: Int32Array): Int8Array {
  return Int8Array.from(places, (place) => chosen[place] ?? 0);
}

/**
 * By channel, the factor that makes the layer's error free of units: 1 is what it costs to move one
 * weight of average importance by one step, so that the regularisation means the same for every network.
 */
export function costsOf(
  { scales, below }: RoundingProblem,
  batches: readonly RowBatch[],
): Tensor<'float32'> {
  const [groups = 1, , width = 1] = below.dims;
  const squares = new Float64Array(groups);
  let count = 0;
  for (const { input } of batches) {
    const perGroup = input.data.length / groups;
    for (let group = 0; group < groups; group++) {
      let sum = 0;
      for (const value of input.data.subarray(group * perGroup, (group + 1) * perGroup)) {
        sum += value * value;
      }
      squares[group] = (squares[group] ?? 0) + sum;
    }
    count += perGroup;
  }
  const costs = scales.data.map((scale, channel) => {
    const mean = (squares[Math.floor(channel / width)] ?? 0) / Math.max(1, count);
    return mean === 0 ? 0 : 1 / (scale * scale * mean);
  });
  return tensor('float32', scales.dims, costs);
}
