import { intOf, producersOf } from '../../onnx/edit.ts';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import type { Ranges } from '../../shrink/calibrate/ranges.ts';
import type { WeightBits } from '../../shrink/quantize/formulas.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import { quantizedWeightsOf } from '../../shrink/quantized-weights.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What a network in training rounds, so that it computes as its quantized form will. */
export interface FakeQuantization {
  /** Constants that each node reads, by its name. */
  readonly constants: ReadonlyMap<string, readonly ConstantGrid[]>;
  /** Grids of activations in uint8, by value. */
  readonly activations: ReadonlyMap<string, ActivationGrid>;
}

/** A grid that follows the numbers it is for. */
export type ConstantGrid = WeightGrid | NumbersGrid;

/** Symmetric, after the largest magnitude of a weight, or of each slice along an axis. */
export interface WeightGrid {
  readonly kind: 'weight';
  /** Which input of its node the constant is. */
  readonly at: number;
  readonly bits: WeightBits;
  /** `undefined` where all numbers share a grid, as in a stack of matrices. */
  readonly axis: number | undefined;
}

/** As that of an activation, uint8 between the least and the greatest number: of what an Add adds. */
export interface NumbersGrid {
  readonly kind: 'numbers';
  readonly at: number;
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
  return { constants: constantsOf(graph, options.weightBits), activations: gridsOf(graph) };
}

function constantsOf(graph: Graph, weightBits: WeightBits): FakeQuantization['constants'] {
  const producers = producersOf(graph.nodes);
  const weights = new Map(quantizedWeightsOf(graph).map(({ node, at }) => [node, at]));
  const gridAt = (node: Node, at: number): readonly ConstantGrid[] => {
    const source = producers.get(node.inputs[at] ?? '');
    if (source?.op !== 'DequantizeLinear') return [];
    const [integers, scales] = source.inputs.map((name) => graph.initializers.get(name));
    // A single number lies on the grid that is made for it.
    if (integers?.dtype === 'uint8' && integers.data.length > 1) return [{ kind: 'numbers', at }];
    // A bias in int32 has steps too fine to matter.
    if (integers?.dtype !== 'int8') return [];
    const bits = weights.get(node) === at ? weightBits : 8;
    const axis = scales?.dims.length === 0 ? undefined : intOf(source, 'axis', 1);
    return [{ kind: 'weight', at, bits, axis }];
  };
  return new Map(
    graph.nodes.flatMap((node) => {
      const grids = node.inputs.flatMap((_, at) => gridAt(node, at));
      return grids.length === 0 ? [] : [[node.name, grids] as const];
    }),
  );
}

function gridsOf(graph: Graph): ReadonlyMap<string, ActivationGrid> {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const producers = producersOf(graph.nodes);
  const grids = new Map<string, ActivationGrid>();
  // What only moves numbers of a constant shares its grid, and that follows the constant.
  const ofConstants = new Set(
    graph.nodes
      .filter(({ op, inputs }) => op === 'DequantizeLinear' && !producers.has(inputs[0] ?? ''))
      .map(({ inputs }) => inputs[1]),
  );
  for (const { op, inputs, outputs: written } of graph.nodes) {
    const source = op === 'DequantizeLinear' ? producers.get(inputs[0] ?? '') : undefined;
    if (source?.op !== 'QuantizeLinear' || ofConstants.has(inputs[1])) continue;
    const [name = ''] = written;
    const [scale, zero] = inputs.slice(1).map((input) => {
      return Number((graph.initializers.get(input) as Tensor | undefined)?.data[0]);
    });
    if (scale === undefined || zero === undefined) continue;
    grids.set(outputs.has(name) ? name : (source.inputs[0] ?? ''), { scale, zero });
  }
  return grids;
}
