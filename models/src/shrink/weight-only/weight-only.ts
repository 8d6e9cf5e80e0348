import { FleetError } from '@edgewise/protocol';
import { consumersOf, createFreshNames, intOf, isFloat32 } from '../../onnx/edit.ts';
import type { Graph, Initializer, Model, Node } from '../../onnx/graph.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import {
  limits,
  narrowGrid,
  type Params,
  paramsFor,
  quantizeNumber,
} from '../quantize/formulas.ts';
import { eachRun, extremes } from '../quantize/slices.ts';
import { packInt4 } from './pack-int4.ts';

/** Below so many numbers the scales and the node outweigh what the bytes save. */
const leastNumbers = 256;

/** Bits that a weight takes in the file. */
export type StoredBits = 8 | 4;

/** The operator set that can read them, one scale for each channel. */
const leastOpset: Readonly<Record<StoredBits, number>> = { 8: 13, 4: 21 };

/**
 * Weights in int8 or int4, one scale per output channel and symmetric, everything computed in float: for
 * engines whose int8 sums are slower than float ones. Needs no calibration; each weight is off by half
 * a step at most, and one that lies on a grid of as many bits stays on it. Throws `FleetError`:
 * `unsupported` for an operator set below 13 (21 for int4), `invalid-argument` for a model that is
 * quantized already or a weight that is not finite.
 */
export function weightOnly(model: Model, { bits = 8 }: { readonly bits?: StoredBits } = {}): Model {
  const opset = model.opsets.get('') ?? 0;
  const least = leastOpset[bits];
  if (opset < least) {
    const wanted = `Weights in int${bits} need operator set ${least}; the model has ${opset}.`;
    throw new FleetError('unsupported', `${wanted} Upgrade it first.`);
  }
  if (model.graph.nodes.some((node) => node.op === 'DequantizeLinear')) {
    throw new FleetError('invalid-argument', 'The model is quantized already.');
  }
  return { ...model, graph: store(model.graph, weightAxes(model.graph), bits) };
}

/** The axis of output channels of each weight that is worth it and whose readers agree on one. */
function weightAxes(graph: Graph): ReadonlyMap<string, number> {
  const outside = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const readers = consumersOf(graph.nodes);
  const axes = new Map<string, number>();
  for (const [name, constant] of graph.initializers) {
    if (!isFloat32(constant) || constant.data.length < leastNumbers || outside.has(name)) continue;
    const wanted = (readers.get(name) ?? []).map((node) => axisOf(node, name, constant.dims));
    const [axis] = wanted;
    if (axis !== undefined && wanted.every((other) => other === axis)) axes.set(name, axis);
  }
  return axes;
}

/** Which axis of a constant is that of output channels; `undefined` where it is no weight. */
function axisOf(node: Node, name: string, dims: readonly number[]): number | undefined {
  const at = node.inputs.indexOf(name);
  const isAlone = node.inputs.lastIndexOf(name) === at;
  const rule = node.domain === '' && isAlone ? channelAxes.get(node.op) : undefined;
  return rule?.(at, { node, dims });
}

type AxisRule = (
  input: number,
  weight: { readonly node: Node; readonly dims: readonly number[] },
) => number | undefined;

const recurrent: AxisRule = (input) => (input === 1 || input === 2 ? 1 : undefined);

/** The output channels of each operator's weight. */
const channelAxes: ReadonlyMap<string, AxisRule> = new Map<string, AxisRule>([
  ['Conv', (input) => (input === 1 ? 0 : undefined)],
  ['ConvTranspose', (input) => (input === 1 ? 1 : undefined)],
  ['Gemm', (input, { node }) => (input === 1 ? 1 - intOf(node, 'transB', 0) : undefined)],
  ['MatMul', (input, { dims }) => (input === 1 && dims.length > 1 ? dims.length - 1 : undefined)],
  ['Gather', (input, { dims }) => (input === 0 && dims.length === 2 ? 0 : undefined)],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
]);

function store(graph: Graph, axes: ReadonlyMap<string, number>, bits: StoredBits): Graph {
  const fresh = createFreshNames(graph);
  const initializers = new Map<string, Initializer>(graph.initializers);
  const nodes: Node[] = [];
  for (const [name, axis] of axes) {
    const weight = graph.initializers.get(name) as Tensor<'float32'>;
    const { integers, scales } = quantizeWeight(name, weight, { axis, bits });
    const [from, scale] = [fresh(`${name}_q`), fresh(`${name}_scale`)];
    initializers.delete(name);
    initializers.set(from, integers);
    initializers.set(scale, scales);
    nodes.push({
      name: '',
      op: 'DequantizeLinear',
      domain: '',
      // A zero point that is left out is zero.
      inputs: [from, scale],
      outputs: [name],
      attributes: new Map([['axis', { type: 'int', value: BigInt(axis) }]]),
    });
  }
  return { ...graph, nodes: [...nodes, ...graph.nodes], initializers };
}

function quantizeWeight(
  name: string,
  weight: Tensor<'float32'>,
  { axis, bits }: { readonly axis: number; readonly bits: StoredBits },
): { readonly integers: Initializer; readonly scales: Tensor<'float32'> } {
  const { least, greatest } = extremes(weight, axis);
  const params = Array.from(least, (min, slice): Params => {
    const max = greatest[slice] ?? 0;
    if (!Number.isFinite(min) || !Number.isFinite(max)) throw notFinite(name);
    return paramsFor(min, max, narrowGrid(bits));
  });
  if (weight.data.some(Number.isNaN)) throw notFinite(name);
  const chosen = bits === 8 ? params : finestFit(weight, axis, params);
  const numbers = new Int8Array(weight.data.length);
  eachRun(weight.dims, axis, (slice, from, to) => {
    const channel = chosen[slice] as Params;
    for (let at = from; at < to; at++) {
      numbers[at] = quantizeNumber(weight.data[at] as number, channel, limits.int8);
    }
  });
  const scales = Float32Array.from(chosen, ({ scale }) => scale);
  return {
    integers:
      bits === 8
        ? tensor('int8', weight.dims, numbers)
        : { dtype: 'int4', dims: weight.dims, data: packInt4(numbers) },
    scales: tensor('float32', [scales.length], scales),
  };
}

/** The integers that the largest of a channel's weights may become in int4, the finest grid first. */
const tops = [7, 6, 5, 4];

/**
 * For each channel the grid of least squared error: weights that were rounded before keep theirs, though
 * the largest may not have become 7.
 */
function finestFit(
  { dims, data }: Tensor<'float32'>,
  axis: number,
  finest: readonly Params[],
): readonly Params[] {
  const scaled = tops.map((top) =>
    finest.map(({ scale, zero }) => ({ scale: Math.fround((scale * 7) / top), zero })),
  );
  const errors = scaled.map((grids) => {
    const sums = new Float64Array(finest.length);
    eachRun(dims, axis, (slice, from, to) => {
      const { scale = 1 } = grids[slice] ?? {};
      for (let at = from; at < to; at++) {
        const value = (data[at] as number) / scale;
        sums[slice] = (sums[slice] ?? 0) + ((Math.round(value) - value) * scale) ** 2;
      }
    });
    return sums;
  });
  return finest.map((first, slice) => {
    let best = 0;
    for (let at = 1; at < tops.length; at++) {
      // Beyond the last bits of float32, of which a grid once rounded to consists.
      if ((errors[at]?.[slice] ?? 0) < 0.999 * (errors[best]?.[slice] ?? 0)) best = at;
    }
    return scaled[best]?.[slice] ?? first;
  });
}

function notFinite(name: string): FleetError {
  return new FleetError('invalid-argument', `Weight "${name}" holds NaN or infinity.`);
}
