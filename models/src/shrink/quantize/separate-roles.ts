import { createFreshNames, intOf, isFloat32 } from '../../onnx/edit.ts';
import type { Model, Node } from '../../onnx/graph.ts';

/**
 * A constant that nodes read in different roles (an embedding that is also the weight of the last
 * layer, a bias that is added once more elsewhere) needs different numbers in each of them: the
 * model with one constant for each role. The most delicate role keeps the name: weight, bias, any
 * other integers, and floats for nodes that `staysFloat` names.
 */
export function separateRoles(model: Model, staysFloat: (node: Node) => boolean): Model {
  const { graph } = model;
  const roleOf = (node: Node, at: number): string =>
    staysFloat(node) ? 'float' : integersAt(node, at);
  const roles = new Map<string, string[]>();
  for (const node of graph.nodes) {
    for (const [at, name] of node.inputs.entries()) {
      const [role, known] = [roleOf(node, at), roles.get(name) ?? []];
      if (isFloat32(graph.initializers.get(name)) && !known.includes(role)) {
        roles.set(name, [...known, role]);
      }
    }
  }
  const fresh = createFreshNames(graph);
  const initializers = new Map(graph.initializers);
  const copies = new Map<string, string>();
  for (const [name, constant] of graph.initializers) {
    for (const role of (roles.get(name) ?? []).toSorted(byCare).slice(1)) {
      const copy = fresh(name);
      initializers.set(copy, constant);
      copies.set(`${role} ${name}`, copy);
    }
  }
  if (copies.size === 0) return model;
  const nodes = graph.nodes.map((node) => {
    const inputs = node.inputs.map((name, at) => copies.get(`${roleOf(node, at)} ${name}`) ?? name);
    return { ...node, inputs };
  });
  return { ...model, graph: { ...graph, nodes, initializers } };
}

const cares = ['weight', 'bias', 'other', 'float'];

function byCare(one: string, other: string): number {
  const careOf = (role: string): number => cares.indexOf(role.split(' ')[0] ?? '');
  return careOf(one) - careOf(other);
}

const biased: ReadonlySet<string> = new Set([
  ...['Conv', 'ConvTranspose', 'Gemm'],
  ...['BatchNormalization', 'InstanceNormalization', 'LayerNormalization'],
]);

/** Operators that take integers first and then numbers that steer them. */
const steered: ReadonlySet<string> = new Set(['Clip', 'Resize']);

/** What a node takes its input at a place for; weights are told apart by their axis of channels. */
function integersAt(node: Node, at: number): string {
  if (node.op === 'MatMul') return 'weight 1';
  if (steered.has(node.op) && at > 0) return 'float';
  if (!biased.has(node.op) || at === 0 || at > 2) return 'other';
  return at === 2 ? 'bias' : `weight ${channelAxisOf(node)}`;
}

function channelAxisOf(node: Node): number {
  if (node.op === 'Gemm') return intOf(node, 'transB', 0) === 1 ? 0 : 1;
  return node.op === 'Conv' ? 0 : 1;
}
