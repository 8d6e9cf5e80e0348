import { nameOf, producersOf } from '../onnx/edit.ts';
import type { Graph, Model, Node } from '../onnx/graph.ts';

/** An If whose branches stay, and what decides between them. */
export interface OpenBranch {
  readonly node: string;
  /** Inputs whose numbers decide: one that is always the same can be frozen. */
  readonly inputs: readonly string[];
  /** Inputs whose open sizes decide: they can be fixed. */
  readonly sizes: readonly string[];
}

/** Every If of the outermost graph: what lies inside is not shrunk while it is open. */
export function openBranches({ graph }: Model): readonly OpenBranch[] {
  const producers = producersOf(graph.nodes);
  return graph.nodes
    .filter(({ op, domain }) => op === 'If' && domain === '')
    .map((node) => {
      const { inputs, sizes } = sourcesOf(graph, producers, node.inputs[0] ?? '');
      return { node: nameOf(node), inputs: [...inputs], sizes: [...sizes] };
    });
}

interface Sources {
  readonly inputs: ReadonlySet<string>;
  readonly sizes: ReadonlySet<string>;
}

const sizeOps: ReadonlySet<string> = new Set(['Shape', 'Size']);

function sourcesOf(graph: Graph, producers: ReadonlyMap<string, Node>, name: string): Sources {
  const given = new Map(graph.inputs.map(({ name: input, dims }) => [input, dims]));
  const [inputs, sizes, seen] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const isOpen = (input: string): boolean =>
    given.get(input)?.every((size) => typeof size === 'number') !== true;
  const visit = (value: string, asSize: boolean): void => {
    const place = `${asSize} ${value}`;
    if (seen.has(place) || graph.initializers.has(value)) return;
    seen.add(place);
    const isInput = given.has(value);
    if (isInput && !asSize) inputs.add(value);
    if (isInput && asSize && isOpen(value)) sizes.add(value);
    const { op = '', inputs: names = [] } = producers.get(value) ?? {};
    for (const name of names) visit(name, asSize || sizeOps.has(op));
  };
  visit(name, false);
  return { inputs, sizes };
}
