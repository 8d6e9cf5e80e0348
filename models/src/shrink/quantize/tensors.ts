import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Ranges } from '../calibrate.ts';
import {
  type ByteType,
  biasScale,
  fittingWeightScale,
  gridOf,
  type Params,
  paramsFor,
  quantizeBias,
  quantizeNumber,
} from './formulas.ts';
import type { BiasMark, Mark, Marks } from './marks.ts';

/** On which integers numbers are laid; `reduceRange` leaves one bit for processors that saturate. */
export interface GridOptions {
  readonly activations: ByteType;
  readonly reduceRange: boolean;
}

/** Scale and zero point of every calibrated activation. */
export function activationParams(ranges: Ranges, type: ByteType): ReadonlyMap<string, Params> {
  const grid = gridOf(type, { symmetric: false, reduced: false });
  return new Map([...ranges].map(([name, { min, max }]) => [name, paramsFor(min, max, grid)]));
}

/**
 * Scales and zero points of every marked constant, one per slice along its axis; weight scales are
 * already enlarged where a bias needs it.
 */
export function constantParams(
  marks: Marks,
  activations: ReadonlyMap<string, Params>,
  options: GridOptions,
): ReadonlyMap<string, readonly Params[]> {
  const all = new Map<string, readonly Params[]>();
  for (const [name, mark] of marks.tensors) {
    const constant = marks.constants.get(name) as Tensor<'float32'> | undefined;
    if (constant !== undefined) all.set(name, paramsOf(constant, mark, options));
  }
  for (const [name, bias] of marks.biases) {
    const { data } = marks.constants.get(name) as Tensor<'float32'>;
    const input = marks.tensors.has(bias.input) ? activations.get(bias.input) : undefined;
    const params = all.get(bias.weight);
    if (input === undefined || params === undefined) continue;
    if (typeOf(marks.tensors.get(bias.weight), options) !== 'int8') continue;
    if (params.some(({ zero }) => zero !== 0)) continue;
    const perChannel = marks.tensors.get(bias.weight)?.axis !== undefined;
    all.set(bias.weight, fitted(params, input, data, perChannel));
  }
  return all;
}

/** The integer type of a marked tensor. */
export function typeOf(mark: Mark | undefined, options: GridOptions): ByteType {
  return mark?.role === 'weight' ? 'int8' : options.activations;
}

function paramsOf(
  { dims, data }: Tensor<'float32'>,
  mark: Mark,
  options: GridOptions,
): readonly Params[] {
  const symmetric = mark.role === 'weight' || mark.axis !== undefined;
  const grid = gridOf(typeOf(mark, options), { symmetric, reduced: options.reduceRange });
  const slice = sliceOf(dims, mark.axis);
  const least = new Float32Array(slice.count).fill(Infinity);
  const greatest = new Float32Array(slice.count).fill(-Infinity);
  data.forEach((value, at) => {
    const index = slice.at(at);
    least[index] = Math.min(least[index] ?? Infinity, value);
    greatest[index] = Math.max(greatest[index] ?? -Infinity, value);
  });
  return Array.from(least, (min, index) =>
    data.length === 0 ? { scale: 1, zero: 0 } : paramsFor(min, greatest[index] ?? 0, grid),
  );
}

function fitted(
  params: readonly Params[],
  input: Params,
  bias: Float32Array,
  perChannel: boolean,
): readonly Params[] {
  const greatest = bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return params.map(({ scale, zero }, index) => {
    const bound = perChannel ? Math.abs(bias[index] ?? 0) : greatest;
    return { scale: fittingWeightScale(scale, input.scale, bound, { perChannel }), zero };
  });
}

/** A constant on its grid. */
export function quantizeConstant(
  { dims, data }: Tensor<'float32'>,
  params: readonly Params[],
  { type, axis }: { readonly type: ByteType; readonly axis: number | undefined },
): Tensor<ByteType> {
  const slice = sliceOf(dims, axis);
  const numbers = type === 'int8' ? new Int8Array(data.length) : new Uint8Array(data.length);
  data.forEach((value, at) => {
    numbers[at] = quantizeNumber(value, params[slice.at(at)] ?? { scale: 1, zero: 0 }, type);
  });
  return tensor(type, dims, numbers);
}

/** A bias as int32 with its scales: one, or one per channel of the weight. */
export function quantizeBiasTensor(
  { dims, data }: Tensor<'float32'>,
  mark: BiasMark,
  { input, weight }: { readonly input: Params; readonly weight: readonly Params[] },
): { readonly data: Tensor<'int32'>; readonly scales: Float32Array } {
  const scales = Float32Array.from(weight, ({ scale }) => biasScale(input.scale, scale, mark.beta));
  const numbers = Int32Array.from(data, (value, at) =>
    quantizeBias(value, scales[scales.length === 1 ? 0 : at] ?? 1),
  );
  return { data: tensor('int32', dims, numbers), scales };
}

/** Which slice along an axis a row-major position lies in. */
function sliceOf(dims: readonly number[], axis: number | undefined) {
  if (axis === undefined) return { count: 1, at: (): number => 0 };
  const count = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  return { count, at: (position: number): number => Math.floor(position / inner) % count };
}
