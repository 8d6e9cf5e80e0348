import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { eliminateDead } from '../eliminate-dead.ts';
import type { Params } from './formulas.ts';
import { createMarks, type DraftNode, type Marks } from './marks.ts';
import { gridOptionsOf, type QuantizeOptions } from './options.ts';
import { parameterNodes } from './parameter-nodes.ts';
import { type Plan, place } from './place.ts';
import { adjustRanges } from './ranges.ts';
import { rules } from './rules.ts';
import { activationParams, constantParams } from './tensors.ts';

/** Which nodes compute in int8 now. */
export interface QuantizeReport {
  readonly quantized: readonly NodeName[];
  readonly float: readonly (NodeName & { readonly reason: string })[];
}

interface NodeName {
  /** The node's name, or its first output where it has none. */
  readonly node: string;
  readonly op: string;
}

/** The operator set that brought QuantizeLinear, and the one that brought its axis. */
const leastOpset = { perTensor: 10, perChannel: 13 } as const;

/**
 * Static int8 quantization in the QDQ form, number for number what Python's
 * `onnxruntime.quantization.quantize_static` 1.30 gives for the same ranges.
 * Throws `FleetError`: `invalid-argument` for a model that is quantized already or a value without
 * a range, `unsupported` for an operator set below 13 (10 where nothing is per channel).
 */
export function quantize(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): { readonly model: Model; readonly report: QuantizeReport } {
  const { plan, report } = planFor(model, ranges, options);
  const graph = place(model.graph, plan);
  return { model: eliminateDead({ ...model, graph }), report };
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

function planFor(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): { readonly plan: Plan; readonly report: QuantizeReport } {
  const { graph } = model;
  const least = options.perChannel ? leastOpset.perChannel : leastOpset.perTensor;
  const opset = model.opsets.get('') ?? 0;
  if (opset < least) {
    const wanted = `Quantization needs operator set ${least}; the model has ${opset}.`;
    throw new FleetError('unsupported', `${wanted} Upgrade it first.`);
  }
  if (graph.nodes.some((node) => node.op === 'QuantizeLinear')) {
    throw new FleetError('invalid-argument', 'The model is quantized already.');
  }
  const gridOptions = gridOptionsOf(model, options);
  const exclude = options.exclude ?? new Set();
  const activations = activationParams(adjustRanges(graph, ranges, exclude), gridOptions);
  const marks = createMarks(model, {
    isRanged: (name) => activations.has(name),
    absorbs: !gridOptions.symmetricActivations,
  });
  const report = markAll(marks, { exclude, steering: parameterNodes(graph) }, options);
  const constants = constantParams(marks, activations, gridOptions);
  return { plan: { marks, activations, constants, options: gridOptions }, report };
}

function markAll(
  marks: Marks,
  { exclude, steering }: Readonly<Record<'exclude' | 'steering', ReadonlySet<string>>>,
  options: QuantizeOptions,
): QuantizeReport {
  const quantized: NodeName[] = [];
  const float: (NodeName & { reason: string })[] = [];
  for (const node of marks.nodes()) {
    const name = { node: node.name === '' ? (node.outputs[0] ?? '') : node.name, op: node.op };
    const kept = keptFloat(node, exclude, steering);
    const reason = kept ?? markOne(marks, node, options);
    if (reason === undefined) quantized.push(name);
    else float.push({ ...name, reason });
  }
  return { quantized, float };
}

function keptFloat(
  node: DraftNode,
  exclude: ReadonlySet<string>,
  steering: ReadonlySet<string>,
): string | undefined {
  if (exclude.has(node.name)) return 'it is excluded';
  return steering.has(node.outputs[0] ?? '') ? 'it computes scales or sizes' : undefined;
}

function markOne(marks: Marks, node: DraftNode, options: QuantizeOptions): string | undefined {
  const rule = node.domain === '' ? rules.get(node.op) : undefined;
  return rule === undefined ? 'its operator has no int8 form' : rule(marks, node, options);
}
