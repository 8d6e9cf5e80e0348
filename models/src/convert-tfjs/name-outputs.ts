import type { GraphBuilder } from '../onnx/builder.ts';
import { namesOf } from '../onnx/edit.ts';
import type { Graph, Model, Node } from '../onnx/graph.ts';
import type { Value } from './value.ts';

/** Declares values as outputs under names of their own. */
export function nameOutputs(
  graph: GraphBuilder,
  values: readonly Value[],
  names: readonly string[],
): Model {
  const written = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<string, string>();
  const taken = namesOf(graph.build().graph);
  for (const [at, value] of values.entries()) {
    const wanted = names[at] ?? value.name;
    // An input may pass through a model: its output must have another name then.
    const name = taken.has(wanted) ? `${wanted}_output` : wanted;
    const dims = value.dims.map((size, axis) => size ?? (axis === 0 ? 'N' : `${name}_${axis}`));
    const source =
      written.has(value.name) && !renamed.has(value.name)
        ? value.name
        : graph.op('Identity', [value.name]);
    renamed.set(source, name);
    graph.output(name, value.dtype, dims);
  }
  const model = graph.build();
  return { ...model, graph: rename(model.graph, renamed) };
}

function rename(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const of = (name: string): string => names.get(name) ?? name;
  const nodes = graph.nodes.map((node): Node => {
    const outputs = node.outputs.map(of);
    return { ...node, name: of(node.name), inputs: node.inputs.map(of), outputs };
  });
  return { ...graph, nodes };
}
