import { consumersOf, floatOf, isFloat32 } from '../../onnx/edit.ts';
import type { Attribute, Graph, Initializer, Model } from '../../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../../onnx/shapes/infer.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { capturedBy } from '../captured.ts';
import { heldConstant } from '../held-constant.ts';
import type { GridSpan } from './formulas.ts';

/** How a tensor is to be quantized. */
export interface Mark {
  /** A weight that is no constant is an activation by another name. */
  readonly role: 'activation' | 'weight';
  /** Quantized per slice along this axis. */
  readonly axis?: number;
  /** Scale and zero point are those of this tensor. */
  readonly sameAs?: string;
  /** Keeps 8 bits where weights have fewer. */
  readonly isGain?: boolean;
}

/** A bias is int32 on the grid of the products it is added to. */
export interface BiasMark {
  readonly input: string;
  readonly weight: string;
  readonly beta: number;
}

/** A node that the rules may rewrite. */
export interface DraftNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, Attribute>;
}

/** What a rule sees and does: it marks tensors, and nothing is quantized before all are marked. */
export interface Marks {
  readonly opset: number;
  readonly tensors: ReadonlyMap<string, Mark>;
  readonly biases: ReadonlyMap<string, BiasMark>;
  readonly constants: ReadonlyMap<string, Initializer>;
  /** Nodes that still stand, in order. */
  nodes(): readonly DraftNode[];
  isMarked(name: string): boolean;
  isFloat(name: string): boolean;
  activation(name: string): void;
  /** Per tensor without an axis. */
  weight(name: string, axis: number | undefined): void;
  /** A weight that only scales what a normalisation gives. */
  gain(name: string, axis: number | undefined): void;
  sameAs(output: string, input: string): void;
  /**
   * `false` when the bias cannot be quantized: not a constant, or a weight with scales per channel
   * that are not one for each of its numbers.
   */
  bias(node: DraftNode, bias: BiasMark): boolean;
  /**
   * Removes a node that only clips, when its input has no other reader: the quantization of its
   * output clips as well. `false` when it must stay; so it must where an inner graph reads its
   * output, for what an inner graph reads is not quantized, and where the grid of its output goes
   * beyond what it lets through.
   */
  absorb(node: DraftNode): boolean;
}

/** What marks need to know from outside the graph. */
export interface MarkOptions {
  /** What the grid of a calibrated activation can hold. */
  gridOf(name: string): GridSpan | undefined;
  /** Whether quantization can clip as Relu and Clip do: not with zero in the middle. */
  readonly absorbs: boolean;
  /** Default that of the model. */
  readonly opset?: number | undefined;
}

/** Starts with nothing marked. */
export function createMarks(model: Model, options: MarkOptions): Marks {
  const { gridOf, absorbs, opset = model.opsets.get('') ?? 1 } = options;
  const { graph } = inferShapes(model);
  const nodes: DraftNode[] = graph.nodes.map((node) => ({ ...node }));
  const removed = new Set<DraftNode>();
  const tensors = new Map<string, Mark>();
  const biases = new Map<string, BiasMark>();
  const constants = new Map<string, Initializer>(graph.initializers);
  const visible = visibleNames(graph);
  const captured = capturedBy(graph.nodes);

  const isFloat = (name: string): boolean =>
    constants.has(name)
      ? isFloat32(constants.get(name))
      : valueInfoOf(graph, name)?.dtype === 'float32';
  const mark = (name: string, how: Mark): void => {
    if (isFloat(name) && !tensors.has(name)) tensors.set(name, how);
  };

  /** A scalar, in a `Constant` node too; NaN for what is computed. */
  const numberOf = (name: string): number => {
    const node = nodes.find(({ outputs }) => outputs[0] === name);
    const held = constants.get(name) ?? (node === undefined ? undefined : heldConstant(node));
    return Number(held?.data[0] ?? Number.NaN);
  };

  const markWeight = (name: string, { axis, ...how }: Omit<Mark, 'role'>): void => {
    if (axis === undefined) mark(name, { role: 'weight', ...how });
    else if (isFloat32(constants.get(name))) tensors.set(name, { role: 'weight', axis, ...how });
  };

  const suits = ({ dims }: Tensor, weight: string): boolean => {
    const axis = tensors.get(weight)?.axis;
    const count = constants.get(weight)?.dims[axis ?? 0];
    return axis === undefined || (dims.length === 1 && dims[0] === count);
  };

  return {
    opset,
    tensors,
    biases,
    constants,
    isFloat,
    nodes: () => nodes.filter((node) => !removed.has(node)),
    isMarked: (name) => tensors.has(name) || biases.has(name),
    activation: (name) => mark(name, { role: 'activation' }),
    weight: (name, axis) => markWeight(name, axis === undefined ? {} : { axis }),
    gain: (name, axis) =>
      markWeight(name, axis === undefined ? { isGain: true } : { axis, isGain: true }),
    sameAs(output, input) {
      if (isFloat(output)) tensors.set(output, { role: 'activation', sameAs: input });
    },
    bias(node, how) {
      const name = node.inputs[2] ?? '';
      const constant = constants.get(name);
      if (!isFloat32(constant) || !suits(constant, how.weight)) return false;
      if (!biases.has(name)) {
        biases.set(name, how);
        return true;
      }
      // Two readers have two scales, so the second gets a bias of its own.
      const copy = numbered(name, constants.keys());
      constants.set(copy, constant);
      node.inputs = node.inputs.with(2, copy);
      biases.set(copy, how);
      return true;
    },
    absorb(node) {
      const [input = ''] = node.inputs;
      const [output = ''] = node.outputs;
      const readers = consumersOf(nodes).get(input)?.length ?? 0;
      const grid = gridOf(input) === undefined ? undefined : gridOf(output);
      const known = visible.has(input) || captured.has(output);
      if (!absorbs || readers !== 1 || known || grid === undefined) return false;
      if (!clipsAlike(node, grid, numberOf)) return false;
      for (const other of nodes) {
        other.outputs = other.outputs.map((name) => (name === input ? output : name));
      }
      tensors.delete(input);
      removed.add(node);
      return true;
    },
  };
}

/**
 * Whether a grid lets nothing through, but for half a step, that a Relu or Clip would not: the grid of
 * an activation that was always zero is far wider than that.
 */
function clipsAlike(
  node: DraftNode,
  { least: low, greatest: high, step }: GridSpan,
  numberOf: (name: string) => number,
): boolean {
  if (node.op === 'Relu') return low >= -step / 2;
  const bound = (at: 1 | 2, attribute: string, none: number): number => {
    const name = node.inputs[at] ?? '';
    if (name === '') return floatOf(node, attribute, none);
    return numberOf(name);
  };
  const least = bound(1, 'min', Number.NEGATIVE_INFINITY);
  const greatest = bound(2, 'max', Number.POSITIVE_INFINITY);
  return low >= least - step / 2 && high <= greatest + step / 2;
}

/** The name with the number after the greatest that any of the names ends in, or with 0. */
function numbered(stem: string, names: Iterable<string>): string {
  let greatest = -1;
  for (const name of names) {
    const rest = name.startsWith(stem) ? name.slice(stem.length) : '';
    if (/^\d+$/.test(rest)) greatest = Math.max(greatest, Number(rest));
  }
  return `${stem}${greatest + 1}`;
}

/** Names that the outside knows: they cannot be renamed away. */
function visibleNames({ inputs, outputs }: Graph): ReadonlySet<string> {
  return new Set([...inputs, ...outputs].map((value) => value.name));
}
