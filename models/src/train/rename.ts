import { mapInnerGraphs } from '../onnx/edit.ts';
import type { Graph, ValueInfo } from '../onnx/graph.ts';

/** The graph with every value under the name that `nameOf` gives it, also where inner graphs read it. */
export function renameValues(graph: Graph, nameOf: (name: string) => string): Graph {
  const renamed = (name: string): string => (name === '' ? '' : nameOf(name));
  const described = (value: ValueInfo): ValueInfo => ({ ...value, name: renamed(value.name) });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...mapInnerGraphs(node, (inner) => renameCaptures(inner, nameOf)),
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    })),
    inputs: graph.inputs.map(described),
    outputs: graph.outputs.map(described),
    initializers: renamedKeys(graph.initializers, renamed),
    values: new Map(
      [...graph.values.values()].map((value) => [renamed(value.name), described(value)]),
    ),
  };
}

/** An inner graph's own values keep their names: none has that of a value outside (ONNX IR, "Graphs"). */
function renameCaptures(graph: Graph, nameOf: (name: string) => string): Graph {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  return renameValues(graph, (name) => (own.has(name) ? name : nameOf(name)));
}

const renamedKeys = <T>(map: ReadonlyMap<string, T>, nameOf: (name: string) => string) =>
  new Map([...map].map(([name, value]) => [nameOf(name), value] as const));
