/** A node that stays in float, and why. */
export interface FloatNode {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

/** Nodes of one reason, in words: by name where they are few, else counted by operator. */
export interface FloatGroup {
  readonly reason: string;
  readonly nodes: string;
}

/** So many nodes of one reason are named one by one. */
const few = 3;

/** Nodes in float by their reason; inner graphs lie inside each other by the dozen, and count as one. */
export function floatGroups(float: readonly FloatNode[]): readonly FloatGroup[] {
  const byReason = Map.groupBy(float, ({ reason }) => inside.exec(reason)?.[1] ?? reason);
  return [...byReason].map(([kind, nodes]) => {
    const reasons = new Set(nodes.map(({ reason }) => reason));
    const [only = kind] = reasons;
    const reason = reasons.size === 1 ? only : `it lies inside ${reasons.size} ${kind} nodes`;
    return { reason, nodes: nodesText(nodes) };
  });
}

/** The operator that a node lies inside. */
const inside = /^it lies inside .* \((\w+)\)$/;

function nodesText(nodes: readonly FloatNode[]): string {
  if (nodes.length <= few) return nodes.map(({ node, op }) => `${op} ${node}`).join(', ');
  const byOp = [...Map.groupBy(nodes, ({ op }) => op)].sort(([, a], [, b]) => b.length - a.length);
  return byOp.map(([op, all]) => `${all.length} ${op}`).join(', ');
}
