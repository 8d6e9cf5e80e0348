import { FleetError } from '@edgewise/protocol';
import { createFreshNames, mapInnerGraphs, readsOf } from '../edit.ts';
import type { Graph, Initializer, Model, Node, ValueInfo } from '../graph.ts';
import { inferShapes, valueInfoOf } from '../shapes/infer.ts';
import { describe } from '../shapes/site.ts';
import type { OldNode } from './old-node.ts';
import { rewrites } from './rewrites.ts';

/** Below 7 a node says itself how it broadcasts; no exporter has written that since 2017. */
const oldest = 7;

/** The first operator set with per-channel quantization, and the newest that rewrites lead to. */
const [lowestTarget, highestTarget] = [13, 21];

/**
 * The same model in a newer version of the standard operator set, `target` in 13 to 21. A model
 * that already has that version or a later one is returned as it is; other domains are left alone.
 * Inner graphs are rewritten too. Throws `FleetError` `unsupported` for a model older than 7 and for
 * a node that has no equal form in the new version, by its name; `invalid-argument` for the target.
 */
export function upgradeOpset(model: Model, target = 17): Model {
  if (!(target >= lowestTarget && target <= highestTarget)) {
    throw new FleetError('invalid-argument', `Operator set ${target} is not in 13 to 21.`);
  }
  const version = model.opsets.get('');
  if (version === undefined || version >= target) return model;
  if (version < oldest) {
    throw new FleetError(
      'unsupported',
      `The model uses operator set ${version}; export it again with version ${oldest} or later.`,
    );
  }
  const known = inferShapes(model).graph;
  const scope: Scope = {
    target,
    fresh: createFreshNames(model.graph),
    info: (name) => valueInfoOf(known, name),
    constant: () => undefined,
  };
  return {
    ...model,
    irVersion: Math.max(model.irVersion, target > 18 ? 10 : 8),
    opsets: new Map([...model.opsets, ['', target]]),
    graph: upgradeGraph(model.graph, version, scope, known),
  };
}

/** What a graph knows of the values around it. */
interface Scope extends Pick<OldNode, 'target' | 'fresh' | 'info' | 'constant'> {}

/** `known` is the same graph with what could be told of its values. */
function upgradeGraph(graph: Graph, version: number, outer: Scope, known = graph): Graph {
  const constants = new Map([...graph.initializers, ...heldBy(graph.nodes)]);
  const added = new Map<string, Initializer>();
  const read = new Set([
    ...graph.nodes.flatMap(readsOf),
    ...graph.outputs.map((output) => output.name),
  ]);
  const scope: Scope = {
    ...outer,
    info: (name) => ownInfo(known, name) ?? outer.info(name),
    constant: (name) => constants.get(name) ?? outer.constant(name),
  };
  const oldNode = (node: Node): OldNode => ({
    ...scope,
    node,
    isRead: (name) => read.has(name),
    hold(stem, value) {
      const name = scope.fresh(stem);
      added.set(name, value);
      return name;
    },
    refuse(reason) {
      throw new FleetError('unsupported', `Node ${describe(node)} cannot be upgraded: ${reason}.`);
    },
  });
  const inner = (each: Graph): Graph => upgradeGraph(each, version, scope);
  const nodes = graph.nodes.flatMap((node) =>
    upgradeNode(mapInnerGraphs(node, inner), version, oldNode),
  );
  return { ...graph, nodes, initializers: new Map([...graph.initializers, ...added]) };
}

/** One version after the other; what a rewrite yields is rewritten by the later ones. */
function upgradeNode(
  node: Node,
  version: number,
  oldNode: (node: Node) => OldNode,
): readonly Node[] {
  let nodes: readonly Node[] = [node];
  for (let next = version + 1; next <= oldNode(node).target; next++) {
    const table = rewrites[next] ?? {};
    nodes = nodes.flatMap((each) =>
      each.domain === '' && Object.hasOwn(table, each.op)
        ? (table[each.op]?.(oldNode(each)) ?? [each])
        : [each],
    );
  }
  return nodes;
}

function heldBy(nodes: readonly Node[]): readonly (readonly [string, Initializer])[] {
  return nodes.flatMap((node) => {
    const held = node.op === 'Constant' ? node.attributes.get('value') : undefined;
    return held?.type === 'tensor' ? [[node.outputs[0] ?? '', held.value] as const] : [];
  });
}

/** A value of this very graph: one of the graph around it may have the same name. */
function ownInfo(graph: Graph, name: string): ValueInfo | undefined {
  const info = valueInfoOf(graph, name);
  return info?.dtype === undefined ? undefined : info;
}
