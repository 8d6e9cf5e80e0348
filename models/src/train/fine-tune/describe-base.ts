import type { Model, ValueInfo } from '../../onnx/graph.ts';
import { prepare } from '../../shrink/prepare.ts';
import { trainableWeights } from './freeze-weights.ts';
import { findHead } from './head.ts';

/** What a recipe for an imported model must fit. */
export interface BaseFacts {
  readonly inputs: readonly ValueInfo[];
  /** Weights below the head, by the names that `freeze` knows them by. */
  readonly weights: readonly string[];
}

/** Looks at a model that is to be trained further. Throws `unsupported` where it has no head to replace. */
export function describeBase(model: Model): BaseFacts {
  const { graph } = prepare(model);
  const { node } = findHead(graph);
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const weights = trainableWeights(graph, []).filter((name) => !node.inputs.includes(name));
  return { inputs, weights };
}
