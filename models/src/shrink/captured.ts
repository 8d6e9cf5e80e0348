import { readsOf } from '../onnx/edit.ts';
import type { Node } from '../onnx/graph.ts';

/** Values that inner graphs (of If, Loop, Scan) read by name: the name must keep its meaning. */
export function capturedBy(nodes: Iterable<Node>): ReadonlySet<string> {
  const captured = new Set<string>();
  for (const node of nodes) {
    const given = node.inputs.filter((name) => name !== '').length;
    for (const name of readsOf(node).slice(given)) captured.add(name);
  }
  return captured;
}
