import { createFreshNames, mapInnerGraphs } from '../onnx/edit.ts';
import type { Attribute, Graph, Model, Node } from '../onnx/graph.ts';
import { knownNumbers } from '../onnx/shapes/infer.ts';

/**
 * Puts the taken branch in the place of each If whose condition is known: where a switch was
 * frozen, or where an exporter asked for a rank. What only stands in a branch is not quantized, so
 * this opens it. Inner Ifs follow as their conditions become known.
 */
export function inlineBranches(model: Model): Model {
  if (!model.graph.nodes.some((node) => node.op === 'If')) return model;
  const known = knownNumbers(model);
  for (const node of model.graph.nodes) {
    const branch = takenBranch(node, known(node.inputs[0] ?? ''));
    if (branch === undefined) continue;
    return inlineBranches({ ...model, graph: withBranch(model.graph, node, branch) });
  }
  return model;
}

function takenBranch(node: Node, condition: readonly number[] | undefined): Graph | undefined {
  if (node.op !== 'If' || node.domain !== '' || condition?.length !== 1) return undefined;
  const branch = node.attributes.get(condition[0] === 0 ? 'else_branch' : 'then_branch');
  return branch?.type === 'graph' ? branch.value : undefined;
}

function withBranch(graph: Graph, { outputs }: Node, branch: Graph): Graph {
  const isIf = (node: Node): boolean => node.op === 'If' && node.outputs[0] === outputs[0];
  const rest = { ...graph, nodes: graph.nodes.filter((node) => !isIf(node)) };
  const fresh = createFreshNames(rest);
  const own = [...branch.initializers.keys(), ...branch.nodes.flatMap((node) => node.outputs)];
  const names = new Map(own.filter((name) => name !== '').map((name) => [name, fresh(name)]));
  const renamed = renameGraph(branch, names);
  const passed = outputs.map((output, index): Node => {
    const source = renamed.outputs[index]?.name ?? '';
    return { ...plain, op: 'Identity', inputs: [source], outputs: [output] };
  });
  const at = graph.nodes.findIndex(isIf);
  const taken = new Set(rest.nodes.map((node) => node.name));
  const opened = renamed.nodes.map((node) => (taken.has(node.name) ? { ...node, name: '' } : node));
  return {
    ...rest,
    nodes: rest.nodes.toSpliced(at, 0, ...opened, ...passed.filter(hasOutput)),
    initializers: new Map([...rest.initializers, ...renamed.initializers]),
    values: new Map([...rest.values, ...renamed.values]),
  };
}

const plain = { name: '', domain: '', attributes: new Map<string, Attribute>() };
const hasOutput = ({ outputs: [output = ''] }: Node): boolean => output !== '';

/** Gives values new names, in inner graphs too, except where those have their own by that name. */
function renameGraph(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const name = (old: string): string => names.get(old) ?? old;
  const keyed = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...map].map(([key, value]) => [name(key), value]));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...mapInnerGraphs(node, (inner) => renameGraph(inner, without(names, inner))),
      inputs: node.inputs.map(name),
      outputs: node.outputs.map(name),
    })),
    outputs: graph.outputs.map((output) => ({ ...output, name: name(output.name) })),
    initializers: keyed(graph.initializers),
    values: new Map(
      [...graph.values.values()].map((value) => [
        name(value.name),
        { ...value, name: name(value.name) },
      ]),
    ),
  };
}

/** The names that an inner graph does not give to values of its own. */
function without(names: ReadonlyMap<string, string>, graph: Graph): ReadonlyMap<string, string> {
  const own = new Set([
    ...graph.inputs.map((input) => input.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  return new Map([...names].filter(([old]) => !own.has(old)));
}
