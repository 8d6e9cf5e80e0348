import { createFreshNames } from '../../onnx/edit.ts';
import type { Model, Node, ValueInfo } from '../../onnx/graph.ts';
import type { IntegerLayer } from './integer-layers.ts';
import { type FaultFinder, faultFinderOf } from './layer-faults.ts';
import type { SaturationTarget } from './pairings.ts';

/** A layer and the outputs of the watched model that tell about it. */
export interface WatchedLayer {
  readonly layer: IntegerLayer;
  /** Absent for a layer that cannot go wrong. */
  readonly find: FaultFinder | undefined;
  /** Sizes of its output. */
  readonly shape: string;
  /** Its output, where it can go wrong and stays float. */
  readonly float: string | undefined;
}

/**
 * The model with other outputs: the sizes that every layer gives, and for those that can go wrong
 * the codes they read.
 */
export function watchLayers(
  model: Model,
  layers: readonly IntegerLayer[],
  target: SaturationTarget,
): { readonly model: Model; readonly layers: readonly WatchedLayer[] } {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const outputs = new Map<string, ValueInfo>();
  const nodes: Node[] = [];
  const watch = (name: string, dtype: NonNullable<ValueInfo['dtype']>): string => {
    if (!inputs.has(name)) outputs.set(name, { name, dtype, dims: undefined });
    return name;
  };
  const watched = layers.map((layer): WatchedLayer => {
    const [given = ''] = layer.node.outputs;
    const shape = fresh(`${given}/sizes`);
    nodes.push({ ...emptyNode, op: 'Shape', inputs: [given], outputs: [shape] });
    watch(shape, 'int64');
    const find = faultFinderOf(layer, target);
    if (find !== undefined) watch(layer.input.value, layer.input.dtype);
    const isFloat = find !== undefined && layer.output === undefined;
    return { layer, find, shape, float: isFloat ? watch(given, 'float32') : undefined };
  });
  const watching = { ...graph, nodes: [...graph.nodes, ...nodes], outputs: [...outputs.values()] };
  return { model: { ...model, graph: watching }, layers: watched };
}

const emptyNode = { name: '', domain: '', attributes: new Map() } as const;
