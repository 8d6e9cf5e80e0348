import { producersOf } from '../../onnx/edit.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import type { Ranges } from '../../shrink/calibrate/ranges.ts';
import type { WeightBits } from '../../shrink/quantize/formulas.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import { quantizedWeightsOf } from '../../shrink/quantized-weights.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What a network in training rounds, so that it computes as its quantized form will. */
export interface FakeQuantization {
  /** The weight of each layer, by the name of its node. */
  readonly layers: ReadonlyMap<string, WeightGrid>;
  /** Grids of activations in uint8, by value. */
  readonly activations: ReadonlyMap<string, ActivationGrid>;
}

/** A symmetric grid that follows the largest magnitude of a weight, or of each slice along an axis. */
export interface WeightGrid {
  readonly bits: WeightBits;
  /** Which input of its node the weight is. */
  readonly at: number;
  /** `undefined` where all numbers share a grid, as in a stack of matrices. */
  readonly axis: number | undefined;
}

/** real = scale * (q - zero) with q from 0 to 255. */
export interface ActivationGrid {
  readonly scale: number;
  readonly zero: number;
}

/** How `planFakeQuantization` quantizes. */
export interface PlanOptions {
  readonly weightBits: WeightBits;
  /** Names of nodes that stay in float. */
  readonly exclude?: ReadonlySet<string>;
}

/**
 * What `quantize` would round in a prepared model with these ranges. Nodes and values keep their
 * names when batch normalisation is folded and activations are absorbed, so that the plan also
 * fits the graph before that.
 */
export function planFakeQuantization(
  prepared: Model,
  ranges: Ranges,
  options: PlanOptions,
): FakeQuantization {
  const { graph } = quantize(prepared, ranges, {
    ...options,
    activations: 'u8',
    perChannel: true,
    reduceRange: false,
  }).model;
  const bits = options.weightBits;
  const layers = quantizedWeightsOf(graph).map(
    ({ node, at, axis }) => [node.name, { bits, at, axis }] as const,
  );
  return { layers: new Map(layers), activations: gridsOf(graph) };
}

function gridsOf(graph: Graph): ReadonlyMap<string, ActivationGrid> {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const producers = producersOf(graph.nodes);
  const grids = new Map<string, ActivationGrid>();
  for (const { op, inputs, outputs: written } of graph.nodes) {
    const source = op === 'DequantizeLinear' ? producers.get(inputs[0] ?? '') : undefined;
    if (source?.op !== 'QuantizeLinear') continue;
    const [name = ''] = written;
    const [scale, zero] = inputs.slice(1).map((input) => {
      return Number((graph.initializers.get(input) as Tensor | undefined)?.data[0]);
    });
    if (scale === undefined || zero === undefined) continue;
    grids.set(outputs.has(name) ? name : (source.inputs[0] ?? ''), { scale, zero });
  }
  return grids;
}
