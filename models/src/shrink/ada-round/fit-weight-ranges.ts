import { isFloat32 } from '../../onnx/edit.ts';
import type { Model } from '../../onnx/graph.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { narrowGrid, roundHalfEven } from '../quantize/formulas.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { weightParams } from '../quantize/quantize.ts';
import { type ProductLayout, productLayoutOf } from './product-layout.ts';

/**
 * The greatest magnitude for each channel of each layer's weight that makes the sum of |error|^3 of
 * its rounded numbers least: with few bits a finer grid is worth a few clipped numbers. Squares would
 * clip more than layers with few inputs bear. Ranges that the options hold already are kept, weights
 * that they hold as integers have none, and with eight bits nothing is clipped. Throws what `quantize` throws.
 */
export function fitWeightRanges(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): ReadonlyMap<string, readonly number[]> {
  const { weightBits = 8 } = options;
  const fitted = new Map(options.weightRanges);
  if (weightBits === 8) return fitted;
  const { greatest } = narrowGrid(weightBits);
  const params = weightParams(model, ranges, options);
  for (const node of model.graph.nodes) {
    const [, name = ''] = node.inputs;
    const constant = model.graph.initializers.get(name);
    const count = params.get(name)?.length;
    const isDecided = fitted.has(name) || options.integers?.has(name) === true;
    if (count === undefined || !isFloat32(constant) || isDecided) continue;
    const layout = productLayoutOf(node, constant.dims);
    if (layout === undefined) continue;
    fitted.set(
      name,
      Array.from({ length: count }, (_, channel) =>
        fittedRange(magnitudesOf(constant.data, layout, { channel, count }), greatest),
      ),
    );
  }
  return fitted;
}

/** Of the weights on one of so many grids: for all, for each channel, or for each of any group. */
function magnitudesOf(
  weights: Float32Array,
  { groups, depth, width, placeOf }: ProductLayout,
  { channel, count }: { readonly channel: number; readonly count: number },
): Float32Array {
  if (count === 1) return weights.map(Math.abs);
  const found = new Float32Array(weights.length / count);
  let at = 0;
  for (let each = channel; each < groups * width; each += count) {
    for (let row = 0; row < depth; row++) {
      const place = placeOf(Math.floor(each / width), row, each % width);
      found[at++] = Math.abs(weights[place] ?? 0);
    }
  }
  return found;
}

/** Shares of the largest magnitude that are tried, from all of it down. */
const shares = Array.from({ length: 36 }, (_, at) => 1 - at / 50);

function fittedRange(magnitudes: Float32Array, greatest: number): number {
  const largest = magnitudes.reduce((most, value) => Math.max(most, value), 0);
  let best = { range: largest, error: Number.POSITIVE_INFINITY };
  for (const share of shares) {
    const step = (largest * share) / greatest;
    const error = errorOf(magnitudes, step, greatest);
    if (error < best.error) best = { range: largest * share, error };
  }
  return best.range;
}

function errorOf(magnitudes: Float32Array, step: number, greatest: number): number {
  if (step === 0) return 0;
  let sum = 0;
  for (const value of magnitudes) {
    const apart = Math.abs(Math.min(roundHalfEven(value / step), greatest) * step - value);
    sum += apart * apart * apart;
  }
  return sum;
}
