import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { eliminateDead } from '../eliminate-dead.ts';
import { createMarks, type DraftNode, type Marks } from './marks.ts';
import { place } from './place.ts';
import { adjustRanges } from './ranges.ts';
import { rules } from './rules.ts';
import { activationParams, constantParams } from './tensors.ts';

/** What suits the processor that will run the int8 file. */
export interface QuantizeOptions {
  /** Type of activations; weights are int8 always. `u8` is the fast one on x64, `s8` on ARM. */
  readonly activations: 'u8' | 's8';
  /** One scale per output channel; indispensable for depthwise convolutions. */
  readonly perChannel: boolean;
  /** Seven-bit weights, for x64 without VNNI. */
  readonly reduceRange: boolean;
  /** Names of nodes that stay in float. */
  readonly exclude?: ReadonlySet<string>;
}

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

/** QuantizeLinear per axis came with operator set 13. */
const leastOpset = 13;

/**
 * Static int8 quantization in the QDQ form, number for number what Python's
 * `onnxruntime.quantization.quantize_static` 1.30 gives for the same ranges.
 * Throws `FleetError`: `invalid-argument` for a model that is quantized already or a value without
 * a range, `unsupported` for an operator set below 13.
 */
export function quantize(
  model: Model,
  ranges: Ranges,
  options: QuantizeOptions,
): { readonly model: Model; readonly report: QuantizeReport } {
  const { graph } = model;
  if ((model.opsets.get('') ?? 0) < leastOpset) {
    throw new FleetError('unsupported', `Quantization needs operator set ${leastOpset} or newer.`);
  }
  if (graph.nodes.some((node) => node.op === 'QuantizeLinear')) {
    throw new FleetError('invalid-argument', 'The model is quantized already.');
  }
  const exclude = options.exclude ?? new Set();
  const type = options.activations === 'u8' ? 'uint8' : 'int8';
  const gridOptions = { activations: type, reduceRange: options.reduceRange } as const;
  const activations = activationParams(adjustRanges(graph, ranges, exclude), type);
  const marks = createMarks(model, (name) => activations.has(name));
  const report = markAll(marks, exclude, options);
  const constants = constantParams(marks, activations, gridOptions);
  const placed = place(graph, { marks, activations, constants, options: gridOptions });
  return { model: eliminateDead({ ...model, graph: placed }), report };
}

function markAll(
  marks: Marks,
  exclude: ReadonlySet<string>,
  options: QuantizeOptions,
): QuantizeReport {
  const quantized: NodeName[] = [];
  const float: (NodeName & { reason: string })[] = [];
  for (const node of marks.nodes()) {
    const name = { node: node.name === '' ? (node.outputs[0] ?? '') : node.name, op: node.op };
    const reason = exclude.has(node.name) ? 'it is excluded' : markOne(marks, node, options);
    if (reason === undefined) quantized.push(name);
    else float.push({ ...name, reason });
  }
  return { quantized, float };
}

function markOne(marks: Marks, node: DraftNode, options: QuantizeOptions): string | undefined {
  const rule = node.domain === '' ? rules.get(node.op) : undefined;
  return rule === undefined ? 'its operator has no int8 form' : rule(marks, node, options);
}
