import { producersOf, readsOf } from '../onnx/edit.ts';
import type { Model } from '../onnx/graph.ts';

/**
 * Drops nodes, constants and notes that no output depends on. It comes first: a dead reader of a
 * convolution keeps its batch normalisation from being folded.
 */
export function eliminateDead(model: Model): Model {
  const { graph } = model;
  const producers = producersOf(graph.nodes);
  const needed = new Set<string>();
  const waiting = graph.outputs.map((output) => output.name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const producer = producers.get(name);
    if (producer !== undefined) waiting.push(...readsOf(producer));
  }
  const inputs = new Set(graph.inputs.map((input) => input.name));
  return {
    ...model,
    graph: {
      ...graph,
      nodes: graph.nodes.filter((node) => node.outputs.some((name) => needed.has(name))),
      // Constants that are inputs as well are defaults that a caller may replace: they stay.
      initializers: new Map(
        [...graph.initializers].filter(([name]) => needed.has(name) || inputs.has(name)),
      ),
      values: new Map([...graph.values].filter(([name]) => needed.has(name))),
    },
  };
}
