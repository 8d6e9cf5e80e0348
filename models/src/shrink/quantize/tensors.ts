import { FleetError } from '@edgewise/protocol';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import {
  type ByteType,
  biasScale,
  fittingWeightScale,
  type Grid,
  gridOf,
  type Limits,
  limits,
  narrowGrid,
  type Params,
  paramsFor,
  quantizeBias,
  quantizeNumber,
  type WeightBits,
} from './formulas.ts';
import type { BiasMark, Mark, Marks } from './marks.ts';
import { eachRun, extremes } from './slices.ts';

/** On which integers numbers are laid. */
export interface GridOptions {
  readonly activations: ByteType;
  readonly weights: ByteType;
  /** Zero in the middle of every activation. */
  readonly symmetricActivations: boolean;
  /** Leaves one bit of constants for processors that saturate. */
  readonly reduceRange: boolean;
  readonly weightBits: WeightBits;
  /** Greatest magnitude by channel (or of the tensor), in place of the one found. */
  readonly weightRanges: ReadonlyMap<string, readonly number[]>;
  /** Weights that are rounded already. */
  readonly integers: ReadonlyMap<string, Int8Array>;
}

/** Scale and zero point of every calibrated activation. */
export function activationParams(
  ranges: Ranges,
  { activations, symmetricActivations }: GridOptions,
): ReadonlyMap<string, Params> {
  const grid = gridOf(activations, { symmetric: symmetricActivations, reduced: false });
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
    if (constant !== undefined) all.set(name, paramsOf({ name, mark, constant }, options));
  }
  for (const [name, bias] of marks.biases) {
    const { data } = marks.constants.get(name) as Tensor<'float32'>;
    const input = marks.tensors.has(bias.input) ? activations.get(bias.input) : undefined;
    const params = all.get(bias.weight);
    if (input === undefined || params === undefined) continue;
    if (typeOf(bias.weight, marks, options) !== 'int8') continue;
    if (params.some(({ zero }) => zero !== 0)) continue;
    const perChannel = marks.tensors.get(bias.weight)?.axis !== undefined;
    all.set(bias.weight, fitted(params, input, data, perChannel));
  }
  return all;
}

/** The integer type of a marked tensor: what is computed has that of activations. */
export function typeOf(name: string, marks: Marks, options: GridOptions): ByteType {
  const isWeight = marks.tensors.get(name)?.role === 'weight' && marks.constants.has(name);
  return isWeight ? options.weights : options.activations;
}

/** A constant and how it is to be quantized. */
interface MarkedConstant {
  readonly name: string;
  readonly mark: Mark;
  readonly constant: Tensor<'float32'>;
}

function paramsOf(
  { name, mark, constant }: MarkedConstant,
  options: GridOptions,
): readonly Params[] {
  const grid = gridOfConstant(mark, options);
  const given = mark.role === 'weight' ? options.weightRanges.get(name) : undefined;
  const count = mark.axis === undefined ? 1 : (constant.dims[mark.axis] ?? 1);
  if (given !== undefined) {
    if (given.length !== count) throw wrongCount(`${given.length} ranges`, name, count);
    return given.map((most) => paramsFor(-most, most, grid));
  }
  const { least, greatest } = extremes(constant, mark.axis);
  return Array.from(least, (min, index) =>
    constant.data.length === 0 ? { scale: 1, zero: 0 } : paramsFor(min, greatest[index] ?? 0, grid),
  );
}

/** Slices share one zero point, which is in the middle. */
function gridOfConstant(mark: Mark, options: GridOptions): Grid {
  const { role, axis } = mark;
  if (hasFewBits(mark, options)) return narrowGrid(options.weightBits);
  const type = role === 'weight' ? options.weights : options.activations;
  const inTheMiddle = role === 'weight' ? type === 'int8' : options.symmetricActivations;
  const symmetric = axis !== undefined || inTheMiddle;
  return gridOf(type, { symmetric, reduced: options.reduceRange });
}

function hasFewBits({ role, isGain = false }: Mark, { weightBits }: GridOptions): boolean {
  return role === 'weight' && !isGain && weightBits !== 8;
}

function wrongCount(given: string, name: string, wanted: number): FleetError {
  return new FleetError(
    'invalid-argument',
    `${given} were given for ${name}, which has ${wanted}.`,
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
  { name, mark, constant }: MarkedConstant,
  params: readonly Params[],
  options: GridOptions,
): Tensor<ByteType> {
  const { dims, data } = constant;
  const rounded = mark.role === 'weight' ? options.integers.get(name) : undefined;
  if (rounded !== undefined) {
    if (rounded.length === data.length) return tensor('int8', dims, rounded);
    throw wrongCount(`${rounded.length} integers`, name, data.length);
  }
  const type = mark.role === 'weight' ? options.weights : options.activations;
  const within = limitsOf({ name, mark }, options);
  const numbers = type === 'int8' ? new Int8Array(data.length) : new Uint8Array(data.length);
  eachRun(dims, mark.axis, (slice, from, to) => {
    const grid = params[slice] ?? { scale: 1, zero: 0 };
    for (let at = from; at < to; at++) {
      numbers[at] = quantizeNumber(data[at] ?? 0, grid, within);
    }
  });
  return tensor(type, dims, numbers);
}

/** What lies outside a narrowed range is clipped to its grid, not to the whole type. */
function limitsOf({ name, mark }: Pick<MarkedConstant, 'name' | 'mark'>, options: GridOptions) {
  const hasRange = mark.role === 'weight' && options.weightRanges.has(name);
  const narrowed = hasRange || hasFewBits(mark, options);
  const type = mark.role === 'weight' ? options.weights : options.activations;
  const within: Limits = narrowed ? gridOfConstant(mark, options) : limits[type];
  return within;
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
