import { floatOf, intOf } from '../../onnx/edit.ts';
import type { DraftNode, Marks } from './marks.ts';

/** What rules need to know of the options. */
export interface RuleOptions {
  readonly perChannel: boolean;
}

/** Marks the tensors of one node; gives the reason when the node stays in float. */
export type Rule = (marks: Marks, node: DraftNode, options: RuleOptions) => string | undefined;

const inputNotInt8 = 'its input is not int8';

/** Input and output on their own grids, weights on symmetric ones, the bias in int32. */
const weighted =
  (axisOf: (node: DraftNode) => number): Rule =>
  (marks, node, options) => {
    const [input = '', weight = ''] = node.inputs;
    if (!marks.isFloat(input)) return 'its input is not float32';
    marks.activation(input);
    marks.activation(node.outputs[0] ?? '');
    marks.weight(weight, channelAxis(marks, weight, axisOf(node), options));
    const beta = node.op === 'Gemm' ? floatOf(node, 'beta', 1) : 1;
    if (node.inputs[2] && marks.bias(node, { input, weight, beta }) && node.op === 'Gemm') {
      node.attributes = new Map([...node.attributes].filter(([name]) => name !== 'beta'));
    }
    return undefined;
  };

/** A product of two tensors, either of which may be constant. */
const product: Rule = (marks, node, options) => {
  for (const name of node.inputs) {
    if (marks.constants.has(name)) marks.weight(name, columnAxis(marks, name, options));
    else marks.activation(name);
  }
  for (const name of node.outputs) marks.activation(name);
  return undefined;
};

/** Columns of a matrix; a stack of matrices has one grid, for the engine knows no other. */
function columnAxis(marks: Marks, weight: string, options: RuleOptions): number | undefined {
  const isMatrix = marks.constants.get(weight)?.dims.length === 2;
  return isMatrix ? channelAxis(marks, weight, 1, options) : undefined;
}

/** Relu and Clip vanish where the quantization of their output clips in their place. */
const clipping: Rule = (marks, node) => {
  const [input = ''] = node.inputs;
  if (!marks.isMarked(input)) return inputNotInt8;
  if (!marks.absorb(node)) marks.activation(input);
  marks.activation(node.outputs[0] ?? '');
  return undefined;
};

/** Moves numbers unchanged, so that the output keeps the input's grid. */
const moving: Rule = (marks, node) => {
  const [input = ''] = node.inputs;
  if (!marks.isMarked(input)) return inputNotInt8;
  marks.sameAs(node.outputs[0] ?? '', input);
  return undefined;
};

/** Every tensor on a grid of its own. */
const each: Rule = (marks, node) => {
  for (const name of [...node.inputs, ...node.outputs]) marks.activation(name);
  return undefined;
};

const since =
  (opset: number, rule: Rule): Rule =>
  (marks, node, options) =>
    marks.opset < opset ? `int8 needs operator set ${opset}` : rule(marks, node, options);

const normalising: Rule = (marks, node, options) => {
  const [input = '', gain = ''] = node.inputs;
  marks.activation(input);
  if (marks.constants.has(gain)) marks.gain(gain, channelAxis(marks, gain, 1, options));
  else marks.activation(gain);
  if (node.inputs[2]) marks.bias(node, { input, weight: gain, beta: 1 });
  for (const name of node.outputs) marks.activation(name);
  return undefined;
};

const splitting: Rule = (marks, node) => {
  const [input = ''] = node.inputs;
  marks.activation(input);
  for (const name of node.outputs) marks.sameAs(name, input);
  return undefined;
};

const padding: Rule = (marks, node) => {
  const [input = '', , filler = ''] = node.inputs;
  for (const name of node.inputs) if (name !== '') marks.activation(name);
  if (keepsGrid(marks, node, filler)) marks.sameAs(node.outputs[0] ?? '', input);
  else marks.activation(node.outputs[0] ?? '');
  return undefined;
};

/** Other modes repeat numbers of the input; zero lies on every grid. */
function keepsGrid(marks: Marks, node: DraftNode, filler: string): boolean {
  const mode = node.attributes.get('mode');
  const constant = mode?.type !== 'string' || new TextDecoder().decode(mode.value) === 'constant';
  if (!constant || filler === '') return true;
  return marks.constants.get(filler)?.data[0] === 0;
}

const gathering: Rule = (marks, node) => {
  const [input = ''] = node.inputs;
  if (marks.constants.has(input) && marks.isFloat(input)) marks.activation(input);
  return moving(marks, node, { perChannel: false });
};

const choosing: Rule = (marks, node) => {
  const [, yes = '', no = ''] = node.inputs;
  if (!marks.isMarked(yes) || !marks.isMarked(no)) return inputNotInt8;
  for (const name of node.outputs) marks.activation(name);
  return undefined;
};

/**
 * One rule per operator, after onnxruntime.quantization 1.30 (registry.py, operators/*.py). An
 * operator without an entry stays in float. As there, room for a bias is made only with int8 weights:
 * with uint8 ones it is clipped, which the report tells.
 */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Conv', weighted(() => 0)],
  ['ConvTranspose', weighted(() => 1)],
  ['Gemm', weighted((node) => (intOf(node, 'transB', 0) === 1 ? 0 : 1))],
  ['MatMul', product],
  ['Relu', clipping],
  ['Clip', clipping],
  ['MaxPool', since(12, moving)],
  ['AveragePool', moving],
  ['Reshape', moving],
  ['Flatten', moving],
  ['Transpose', moving],
  ['Squeeze', moving],
  ['Unsqueeze', moving],
  ['Slice', moving],
  ['TopK', moving],
  ['Resize', since(11, moving)],
  ['Split', splitting],
  ['Pad', padding],
  ['Gather', gathering],
  ['GatherElements', gathering],
  ['Where', choosing],
  ['BatchNormalization', normalising],
  ['InstanceNormalization', normalising],
  ['LayerNormalization', normalising],
  ['Add', each],
  ['Mul', each],
  ['Sigmoid', each],
  ['LeakyRelu', each],
  ['Softmax', each],
  ['Concat', each],
  ['GlobalAveragePool', each],
  ['ArgMax', each],
  ['CumSum', each],
]);

/** The one fused operator of onnxruntime that its tool rounds, tables and all. */
const fusedRules: ReadonlyMap<string, Rule> = new Map([['EmbedLayerNormalization', each]]);

/** The rule of a node, in whichever domain. */
export function ruleOf({ domain, op }: Pick<DraftNode, 'domain' | 'op'>): Rule | undefined {
  if (domain === 'com.microsoft') return fusedRules.get(op);
  return domain === '' ? rules.get(op) : undefined;
}

function channelAxis(
  marks: Marks,
  weight: string,
  axis: number,
  options: RuleOptions,
): number | undefined {
  const constant = marks.constants.get(weight);
  return options.perChannel && constant !== undefined && axis < constant.dims.length
    ? axis
    : undefined;
}
