import { innerGraphsOf, nameOf } from '../../onnx/edit.ts';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { eliminateDead } from '../eliminate-dead.ts';
import { checkModel, checkNumbers } from './check-model.ts';
import { type ClippedBias, clippedBiasesOf } from './clipped-biases.ts';
import { type Params, spanOf } from './formulas.ts';
import { createMarks, type DraftNode, type Marks } from './marks.ts';
import { gridOptionsOf, type QuantizeOptions } from './options.ts';
import { parameterNodes } from './parameter-nodes.ts';
import { type Plan, place } from './place.ts';
import { adjustRanges } from './ranges.ts';
import { ruleOf } from './rules.ts';
import { separateRoles } from './separate-roles.ts';
import { activationParams, constantParams } from './tensors.ts';

/** Which nodes compute in int8 now. */
export interface QuantizeReport {
  readonly quantized: readonly NodeName[];
  readonly float: readonly (NodeName & { readonly reason: string })[];
  /** Biases that lost numbers to 32 bits: choose int8 weights for them. */
  readonly clippedBiases: readonly ClippedBias[];
}

interface NodeName {
  /** The node's name, or its first output where it has none. */
  readonly node: string;
  readonly op: string;
}

/**
 * Static int8 quantization in the QDQ form, number for number what Python's
 * `onnxruntime.quantization.quantize_static` 1.30 gives for the same ranges.
 * It differs where the tool's file would compute something else or not load: a Relu or Clip stays
 * whose output an inner graph reads or whose bounds the grid of its output does not keep; a bias that
 * has not one number per channel stays in float, as do nodes that compute scales; a constant in
 * several roles becomes several; constants that are inputs too are no inputs afterwards. Inner graphs
 * stay in float and are named. A factor `beta` of a bias is lost as the tool loses it, so `prepare`
 * folds it before.
 * Throws `FleetError`: `invalid-argument` for a model that is quantized already, a value without a
 * range, and a number that is not finite; `unsupported` for an operator set below 13 (10 where
 * nothing is per channel).
 */
export function quantize(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): { readonly model: Model; readonly report: QuantizeReport } {
  const { graph, plan, nodes } = planFor(model, ranges, options);
  const placed = place(graph, plan);
  const report = { ...nodes, clippedBiases: clippedBiasesOf(placed) };
  return { model: eliminateDead({ ...model, graph: placed }), report };
}

/**
 * The scales and zero points that `quantize` would give each weight, one or one per channel, by the
 * name of the constant. Throws what `quantize` throws.
 */
export function weightParams(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): ReadonlyMap<string, readonly Params[]> {
  const { marks, constants } = planFor(model, ranges, options).plan;
  return new Map([...constants].filter(([name]) => marks.tensors.get(name)?.role === 'weight'));
}

/** What is to be done to a graph, which is that of the model with one constant for each role. */
interface Planned {
  readonly graph: Graph;
  readonly plan: Plan;
  readonly nodes: NodesReport;
}

type NodesReport = Pick<QuantizeReport, 'quantized' | 'float'>;

function planFor(given: Model, ranges: Ranges, options: QuantizeOptions): Planned {
  checkModel(given, options);
  const gridOptions = gridOptionsOf(given, options);
  const exclude = options.exclude ?? new Set();
  const steering = parameterNodes(given.graph);
  const model = separateRoles(given, (node) => keptFloat(node, exclude, steering) !== undefined);
  const { graph } = model;
  const adjusted = adjustRanges(graph, ranges, exclude);
  const activations = activationParams(adjusted, gridOptions);
  const marks = createMarks(model, {
    gridOf(name) {
      const params = activations.get(name);
      return params && spanOf(params, gridOptions.activations);
    },
    absorbs: !gridOptions.symmetricActivations,
    opset: options.ruleOpset,
  });
  const nodes = markAll(marks, { exclude, steering }, options);
  checkNumbers(marks, adjusted);
  const constants = constantParams(marks, activations, gridOptions);
  return { graph, plan: { marks, activations, constants, options: gridOptions }, nodes };
}

function markAll(
  marks: Marks,
  { exclude, steering }: Readonly<Record<'exclude' | 'steering', ReadonlySet<string>>>,
  options: QuantizeOptions,
): NodesReport {
  const quantized: NodeName[] = [];
  const float: (NodeName & { reason: string })[] = [];
  for (const node of marks.nodes()) {
    const name = { node: nameOf(node), op: node.op };
    const kept = keptFloat(node, exclude, steering);
    const reason = kept ?? markOne(marks, node, options);
    if (reason === undefined) quantized.push(name);
    else float.push({ ...name, reason });
    float.push(...innerNodes(node));
  }
  return { quantized, float };
}

function keptFloat(
  node: Node,
  exclude: ReadonlySet<string>,
  steering: ReadonlySet<string>,
): string | undefined {
  if (exclude.has(nameOf(node))) return 'it is excluded';
  if (steering.has(node.outputs[0] ?? '')) return 'it computes scales or sizes';
  if (ruleOf(node) !== undefined) return undefined;
  const { domain } = node;
  return domain === '' ? 'its operator has no int8 form' : `it has no int8 form in ${domain}`;
}

function markOne(marks: Marks, node: DraftNode, options: QuantizeOptions): string | undefined {
  const float = [...node.inputs, ...node.outputs].some((name) => marks.isFloat(name));
  return float ? ruleOf(node)?.(marks, node, options) : 'none of its values is float32';
}

/** What lies in the branches and bodies of a node and would have an int8 form outside. */
function innerNodes(node: DraftNode): QuantizeReport['float'] {
  const reason = `it lies inside ${nameOf(node)} (${node.op})`;
  return innerGraphsOf(node).flatMap(({ nodes }) =>
    nodes.flatMap((inner) => {
      const deeper = innerNodes(inner);
      const known = ruleOf(inner) !== undefined;
      return known ? [{ node: nameOf(inner), op: inner.op, reason }, ...deeper] : deeper;
    }),
  );
}
