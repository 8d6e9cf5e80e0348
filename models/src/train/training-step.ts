import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import { namesOf } from '../onnx/edit.ts';
import type { Graph, Initializer, Model } from '../onnx/graph.ts';
import { dimsOf, inferShapes } from '../onnx/shapes/infer.ts';
import type { DType, Tensor } from '../tensor/tensor.ts';
import { createTape, type ForwardFacts } from './differentiate.ts';
import { maskName } from './gradients/dropout.ts';
import { type LossName, losses } from './losses.ts';
import { createUpdate, type Optimizer } from './optimizers.ts';
import { poolBeforeActivation } from './reorder.ts';

/** What is to be trained. */
export interface TrainingPlan {
  /** The forward graph; its inputs have static sizes, so a training graph serves one batch size. */
  readonly model: Model;
  /** The value that the loss compares with the targets. */
  readonly output: string;
  /** Initializers that gradients move. */
  readonly trained: readonly string[];
  /** Initializers that the forward pass moves: their names, and the values they become. */
  readonly statistics?: ReadonlyMap<string, string>;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  /** Weight of each class in the loss; default: all count alike. */
  readonly classWeights?: readonly number[] | undefined;
}

/** One step as a graph: state and batch go in, the next state and the loss come out. */
export interface TrainingStep {
  readonly model: Model;
  /** Output that replaces each state input after the step: weights, statistics, optimizer slots. */
  readonly next: ReadonlyMap<string, string>;
  /** State inputs that start at zero, with their sizes: the optimizer's slots. */
  readonly slots: ReadonlyMap<string, readonly number[]>;
  /** Mask inputs of the dropout layers. */
  readonly masks: readonly DropoutMask[];
  readonly targets: { readonly dtype: DType; readonly dims: readonly number[] };
  /** Values of the scalar inputs at a step (from 1), without the learning rate. */
  scalars(step: number): Readonly<Record<string, number>>;
}

/** An input of the graph that holds which values a step keeps. */
export interface DropoutMask {
  readonly input: string;
  readonly dims: readonly number[];
  /** Share of values to drop. */
  readonly ratio: number;
}

/** Names of a training graph's own inputs and outputs. */
export const stepNames = {
  targets: 'targets',
  rate: 'learning_rate',
  loss: 'loss',
  correct: 'correct',
} as const;

/** Joins forward pass, loss, gradients and optimizer into one graph. */
export function buildTrainingStep(plan: TrainingPlan): TrainingStep {
  const { model } = plan;
  const reordered = { ...model, graph: poolBeforeActivation(model.graph) };
  const { graph: forward, opsets } = inferShapes(reordered);
  const opset = opsets.get('') ?? 17;
  const reserved = namesOf(forward);
  const graph = createGraphBuilder({ name: `${forward.name}-training`, opset, reserved });
  const facts = forwardFacts(forward);
  declareInputs(graph, { plan, facts });

  const tape = createTape(graph, facts);
  for (const node of forward.nodes) tape.forward(node);
  const loss = losses[plan.loss];
  const dims = facts.dims(plan.output);
  const targets = loss.targets(dims);
  graph.input(stepNames.targets, targets.dtype, targets.dims);
  const result = loss.write(graph, {
    ...{ output: plan.output, dims, targets: stepNames.targets },
    classWeights: plan.classWeights,
  });
  emit(graph, result.loss, stepNames.loss, []);
  emit(graph, result.correct, stepNames.correct, []);

  const gradients = tape.backward(new Map([[plan.output, result.gradient]]), plan.trained);
  const next = new Map<string, string>(plan.statistics);
  for (const [name, value] of next) graph.output(value, 'float32', facts.dims(name));
  const slots = writeUpdates(graph, { plan, facts, gradients, next });
  return {
    model: graph.build(),
    next,
    slots,
    masks: masksOf(forward, facts),
    targets,
    scalars: createUpdate(plan.optimizer).scalars,
  };
}

function declareInputs(
  graph: GraphBuilder,
  { plan, facts }: { readonly plan: TrainingPlan; readonly facts: ForwardFacts },
): void {
  const { graph: forward } = plan.model;
  for (const { name, dtype } of forward.inputs) {
    graph.input(name, dtype as DType, facts.dims(name));
  }
  const moving = new Set([...plan.trained, ...(plan.statistics?.keys() ?? [])]);
  for (const [name, value] of forward.initializers) {
    if (moving.has(name)) graph.input(name, 'float32', value.dims);
    else graph.initializer(name, value);
  }
  graph.input(stepNames.rate, 'float32', []);
  for (const name of Object.keys(createUpdate(plan.optimizer).scalars(1))) {
    graph.input(name, 'float32', []);
  }
}

/** Writes the optimizer for every weight, fills `next`, and returns the sizes of the slots. */
function writeUpdates(
  graph: GraphBuilder,
  parts: {
    readonly plan: TrainingPlan;
    readonly facts: ForwardFacts;
    readonly gradients: ReadonlyMap<string, string>;
    readonly next: Map<string, string>;
  },
): ReadonlyMap<string, readonly number[]> {
  const { plan, facts, gradients, next } = parts;
  const update = createUpdate(plan.optimizer);
  const names = Object.keys(update.scalars(1));
  const scalars = Object.fromEntries(names.map((name) => [name, name]));
  const sizes = new Map<string, readonly number[]>();
  for (const weight of plan.trained) {
    const gradient = gradients.get(weight);
    if (gradient === undefined) {
      throw new FleetError('invalid-argument', `The loss does not depend on "${weight}".`);
    }
    const dims = facts.dims(weight);
    const slots: Record<string, string> = {};
    for (const slot of update.slots) {
      const name = slotName(weight, slot);
      slots[slot] = graph.input(name, 'float32', dims);
      sizes.set(name, dims);
    }
    const call = { weight, gradient, slots, scalars, rate: stepNames.rate };
    const result = update.write(graph, { ...call, decays: isMatrix(dims) });
    next.set(weight, emit(graph, result.weight, `${weight}_next`, dims));
    for (const [slot, value] of Object.entries(result.slots)) {
      const name = slotName(weight, slot);
      next.set(name, emit(graph, value, `${name}_next`, dims));
    }
  }
  return sizes;
}

/** Biases and scales have one axis that is longer than 1; weights have more. */
const isMatrix = (dims: readonly number[]): boolean => dims.filter((size) => size > 1).length > 1;

/** Makes a value an output under a name of its own. */
function emit(graph: GraphBuilder, value: string, name: string, dims: readonly number[]): string {
  graph.op('Identity', [value], { output: name });
  graph.output(name, 'float32', dims);
  return name;
}

const slotName = (weight: string, slot: string): string => `${weight}_${slot}`;

function masksOf(forward: Graph, facts: ForwardFacts): readonly DropoutMask[] {
  return forward.nodes
    .filter(({ op }) => op === 'Dropout')
    .map(({ inputs: [value = '', ratio = ''], outputs: [output = ''] }) => ({
      input: maskName(output),
      dims: facts.dims(value),
      ratio: facts.constant(ratio)?.[0] ?? 0,
    }));
}

function forwardFacts(forward: Graph): ForwardFacts {
  const constants = new Map<string, Initializer>(forward.initializers);
  for (const { op, outputs, attributes } of forward.nodes) {
    const value = op === 'Constant' ? attributes.get('value') : undefined;
    if (value?.type === 'tensor') constants.set(outputs[0] ?? '', value.value);
  }
  return {
    dims: (name) => dimsOf(forward, name),
    constant(name) {
      const value = constants.get(name);
      if (value === undefined || !ArrayBuffer.isView(value.data)) return undefined;
      return Array.from((value as Tensor).data as ArrayLike<number | bigint>, Number);
    },
  };
}
