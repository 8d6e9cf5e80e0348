import { FleetError } from '@edgewise/protocol';
import type { GraphBuilder } from '../onnx/builder.ts';
import { readsOf } from '../onnx/edit.ts';
import type { Node } from '../onnx/graph.ts';
import { flatOperators } from './gradients/flat.ts';
import { gradients } from './gradients/gradients.ts';
import { joined, joinedDomain } from './gradients/joined.ts';
import type { GradientRule, OperatorCall, SavedValues } from './gradients/rule.ts';

/** What the rules may know about the forward graph. */
export interface ForwardFacts {
  /** Sizes of a value; throws `unsupported` when they are not known. */
  dims(name: string): readonly number[];
  /** The numbers of a constant, or `undefined` for anything else. */
  constant(name: string): readonly number[] | undefined;
}

/** The record of a forward pass, from which the backward pass is written (reverse mode). */
export interface Tape {
  /** Writes a forward node in its training form and records it. */
  forward(node: Node): void;
  /**
   * Writes the backward pass from `seeds` (derivatives of the loss by values) and returns the
   * derivative of the loss by each of `wanted`, values that the loss does not depend on left out.
   * Throws `unsupported` when an operator on the way has no gradient rule.
   */
  backward(
    seeds: ReadonlyMap<string, string>,
    wanted: readonly string[],
  ): ReadonlyMap<string, string>;
}

interface Entry {
  readonly node: Node;
  readonly rule: GradientRule | undefined;
  readonly call: OperatorCall;
  readonly saved: SavedValues;
}

/** Starts a tape that writes to `graph`. */
export function createTape(graph: GraphBuilder, facts: ForwardFacts): Tape {
  const entries: Entry[] = [];
  return {
    forward(node) {
      const { op, inputs, outputs, attributes } = node;
      const call: OperatorCall = { ...facts, graph, op, inputs, outputs, attributes };
      const rule = ruleOf(node);
      const saved = rule?.forward?.(call) ?? {};
      if (rule?.forward === undefined) {
        const { domain } = node;
        graph.ops(op, inputs, outputs, { attributes: Object.fromEntries(attributes), domain });
      }
      entries.push({ node, rule, call, saved });
    },
    backward(seeds, wanted) {
      const active = reachable(entries, wanted);
      const collected = new Map([...seeds].map(([name, gradient]) => [name, [gradient]]));
      for (const entry of entries.toReversed()) {
        const { outputs } = entry.node;
        if (!outputs.some((name) => active.has(name))) continue;
        const gradients = outputs.map((name) => total(graph, collected.get(name)));
        const [gradient] = gradients;
        const isReached =
          gradient !== undefined ||
          (entry.rule?.manyOutputs === true && gradients.some((one) => one !== undefined));
        if (!isReached) continue;
        const wants = (input: number): boolean => active.has(entry.node.inputs[input] ?? '');
        const { call, saved } = entry;
        const results = known(entry).backward({
          ...{ ...call, gradient: gradient ?? '', gradients, saved, wants },
        });
        collect(collected, entry.node, results);
      }
      return new Map(
        wanted.flatMap((name) => {
          const gradient = total(graph, collected.get(name));
          return gradient === undefined ? [] : [[name, gradient] as const];
        }),
      );
    },
  };
}

function ruleOf(node: Node): GradientRule | undefined {
  if (node.domain === joinedDomain) return joined[node.op];
  const isStandard = node.domain === '' || node.domain === 'ai.onnx';
  return isStandard && Object.hasOwn(gradients, node.op) ? gradients[node.op] : undefined;
}

function known({ node, rule }: Entry): GradientRule {
  if (rule !== undefined) return rule;
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
  throw new FleetError(
    'unsupported',
    `There is no gradient rule for ${op} (node "${node.name}").`,
    {
      detail: { op, node: node.name },
    },
  );
}

/** All values that follow small changes of one of `sources`, these included. */
function reachable(entries: readonly Entry[], sources: readonly string[]): ReadonlySet<string> {
  const active = new Set(sources);
  for (const { node } of entries) {
    const isFlat = node.domain === '' && flatOperators.has(node.op);
    if (!isFlat && readsOf(node).some((name) => active.has(name))) {
      for (const name of node.outputs) if (name !== '') active.add(name);
    }
  }
  return active;
}

function collect(
  collected: Map<string, string[]>,
  node: Node,
  results: readonly (string | undefined)[],
): void {
  for (const [input, gradient] of results.entries()) {
    const name = node.inputs[input] ?? '';
    if (gradient === undefined || name === '') continue;
    const list = collected.get(name);
    if (list === undefined) collected.set(name, [gradient]);
    else list.push(gradient);
  }
}

/** The sum of all contributions, kept as the only one from then on. */
function total(graph: GraphBuilder, parts: string[] | undefined): string | undefined {
  if (parts === undefined) return undefined;
  const sum = parts.reduce((left, right) => graph.op('Add', [left, right]));
  parts.splice(0, parts.length, sum);
  return sum;
}
