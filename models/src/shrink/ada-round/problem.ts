import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Limits, type Params, quantizeNumber } from '../quantize/formulas.ts';
import type { Bounds, RoundableLayer } from './layers.ts';
import type { ProductLayout } from './product-layout.ts';
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
  const { groups, depth, width } = layout;
  const size = groups * depth * width;
  const [below, share, nearest] = [0, 0, 0].map(() => new Float32Array(size)) as [
    ...[Float32Array, Float32Array, Float32Array],
  ];
  // One grid for all, or for each channel.
  const grid = (channel: number): Params =>
    params[channel % params.length] ?? { scale: 1, zero: 0 };
  eachNumber(layout, (at, place, channel) => {
    const value = weights[place] ?? 0;
    const steps = Math.fround(value / grid(channel).scale);
    below[at] = Math.floor(steps);
    share[at] = steps - Math.floor(steps);
    nearest[at] = quantizeNumber(value, grid(channel), limits);
  });
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

/** Writes the integers of a choice to where the file has their weights. */
export function placeIntegers(chosen: Float32Array, layout: ProductLayout, into: Int8Array): void {
  eachNumber(layout, (at, place) => {
    into[place] = chosen[at] ?? 0;
  });
}

/** Goes through `[groups, depth, width]`, with the places in the weight. */
function eachNumber(
  { groups, depth, width, placeOf }: ProductLayout,
  visit: (at: number, place: number, channel: number) => void,
): void {
  for (let group = 0; group < groups; group++) {
    for (let row = 0; row < depth; row++) {
      const start = (group * depth + row) * width;
      for (let column = 0; column < width; column++) {
        visit(start + column, placeOf(group, row, column), group * width + column);
      }
    }
  }
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
