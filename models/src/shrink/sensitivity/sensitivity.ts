import type { Model, Node } from '../../onnx/graph.ts';
import type { AnswerError, Answers } from '../answers.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { quantize } from '../quantize/quantize.ts';

/** One layer, or neighbouring ones that were measured together, and the harm of its integers. */
export interface LayerSensitivity extends AnswerError {
  readonly nodes: readonly string[];
  readonly ops: readonly string[];
}

/** What sensitivity is measured with. */
export interface SensitivityOptions {
  /** The float graph; all nodes have names of their own. */
  readonly model: Model;
  readonly ranges: Ranges;
  readonly quantize: QuantizeOptions;
  readonly answers: Answers;
  /** Models that may be built and run, at least 2. */
  readonly maxRuns: number;
  readonly onRun?: (done: number, of: number) => void;
}

/** Operators that pass on what they get: their integers do no harm of their own. */
const harmless: ReadonlySet<string> = new Set([
  'Relu',
  'Clip',
  'MaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Gather',
]);

/**
 * How much each layer harms the outputs when it alone computes in int8, most harmful first: the error of
 * the outputs, since the noise inside a layer says little about them. Where there are more layers
 * than runs, neighbours are measured together and the worst halves of them again.
 */
export async function sensitivity(
  options: SensitivityOptions,
): Promise<readonly LayerSensitivity[]> {
  const { model, quantize: how, ranges, maxRuns } = options;
  const { report } = quantize(model, ranges, how);
  const candidates = new Set(
    report.quantized.filter(({ op }) => !harmless.has(op)).map(({ node }) => node),
  );
  const layers = model.graph.nodes.filter(({ name }) => candidates.has(name));
  const size = layers.length <= maxRuns ? 1 : Math.ceil(layers.length / Math.ceil(maxRuns / 2));
  const measured: Measured[] = [];
  let runs = 0;
  const measure = async (nodes: readonly Node[]): Promise<void> => {
    measured.push({ nodes, ...(await errorAlone(nodes, options)) });
    options.onRun?.(++runs, Math.min(maxRuns, size === 1 ? layers.length : maxRuns));
  };
  for (let at = 0; at < layers.length; at += size) await measure(layers.slice(at, at + size));
  while (runs + 2 <= maxRuns) {
    const group = worstGroup(measured);
    if (group === undefined) break;
    measured.splice(measured.indexOf(group), 1);
    const middle = Math.ceil(group.nodes.length / 2);
    await measure(group.nodes.slice(0, middle));
    await measure(group.nodes.slice(middle));
  }
  return measured
    .toSorted((one, other) => other.error - one.error)
    .map(({ nodes, ...error }) => ({
      nodes: nodes.map(({ name }) => name),
      ops: nodes.map(({ op }) => op),
      ...error,
    }));
}

interface Measured extends AnswerError {
  readonly nodes: readonly Node[];
}

function worstGroup(measured: readonly Measured[]): Measured | undefined {
  return measured
    .filter(({ nodes }) => nodes.length > 1)
    .reduce<Measured | undefined>(
      (worst, each) => (worst === undefined || each.error > worst.error ? each : worst),
      undefined,
    );
}

function errorAlone(
  nodes: readonly Node[],
  { model, ranges, quantize: how, answers }: SensitivityOptions,
): Promise<AnswerError> {
  const alone = new Set(nodes.map(({ name }) => name));
  const others = model.graph.nodes.map(({ name }) => name).filter((name) => !alone.has(name));
  const exclude = new Set([...others, ...(how.exclude ?? [])]);
  return answers.errorOf(quantize(model, ranges, { ...how, exclude }).model);
}

/** The model with a name for every node that has none or shares it: that of its first output. */
export function named(model: Model): Model {
  const taken = new Set<string>();
  const nodes = model.graph.nodes.map((node) => {
    let name = node.name;
    for (let suffix = 1; name === '' || taken.has(name); suffix++) {
      name = suffix === 1 ? (node.outputs[0] ?? '') : `${node.outputs[0]}_${suffix}`;
    }
    taken.add(name);
    return name === node.name ? node : { ...node, name };
  });
  return { ...model, graph: { ...model.graph, nodes } };
}
