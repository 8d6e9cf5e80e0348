import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import { namesOf } from '../onnx/edit.ts';
import type { Graph, Initializer, Model } from '../onnx/graph.ts';
import { dimsOf, inferShapes } from '../onnx/shapes/infer.ts';
import { type DType, elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { createTape, type ForwardFacts } from './differentiate.ts';
import { maskName } from './gradients/dropout.ts';
import { joinPools } from './join-pools.ts';
import { type LossName, losses } from './losses.ts';
import { createUpdate, type Optimizer } from './optimizers.ts';
import { layOut, type Pack, type Sized, writePacking, writeUnpacking } from './packing.ts';
import { poolBeforeActivation } from './reorder.ts';
import { keepClear, packName, slotNames, stepNames } from './step-names.ts';

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
  /** All that the step replaces: the weights, the running statistics, and each slot of the optimizer. */
  readonly state: readonly Pack[];
  /** Tensors of the state that start at zero, with their sizes: the optimizer's slots. */
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

/** Joins forward pass, loss, gradients and optimizer into one graph. */
export function buildTrainingStep(given: TrainingPlan): TrainingStep {
  const { plan, stateName } = keepClear(given);
  const { model } = plan;
  const reordered = { ...model, graph: poolBeforeActivation(model.graph) };
  const { graph: inferred, opsets } = inferShapes(reordered);
  const forward = joinPools(inferred);
  const opset = opsets.get('') ?? 17;
  const reserved = namesOf(forward);
  const graph = createGraphBuilder({ name: `${forward.name}-training`, opset, reserved });
  const facts = forwardFacts(forward);
  const sized = (name: string): Sized => ({ name, dims: facts.dims(name) });
  const declare = (stem: string, values: readonly string[]) =>
    declarePack(graph, { stem, values: values.map(sized), stateName });
  const weights = declare('weights', plan.trained);
  const moved = plan.statistics ?? new Map<string, string>();
  const statistics = declare('statistics', [...moved.keys()]);
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
  emit(graph, result.loss, stepNames.loss);
  emit(graph, result.correct, stepNames.correct);

  const { slots, scalars } = createUpdate(plan.optimizer);
  const trained = plan.trained.map(stateName);
  const slotName = slotNames(trained, { slots, others: [...moved.keys()].map(stateName) });
  const gradients = tape.backward(new Map([[plan.output, result.gradient]]), plan.trained);
  const state = [
    ...writeUpdate(graph, { plan, weights, gradients, slotName }),
    ...(statistics === undefined
      ? []
      : [replaced(graph, statistics, writePacking(graph, [...moved.values()]))]),
  ];
  const sizes = plan.trained.flatMap((value) =>
    slots.map((slot) => [slotName(stateName(value), slot), facts.dims(value)] as const),
  );
  return {
    model: graph.build(),
    state,
    slots: new Map(sizes),
    masks: masksOf(forward, facts),
    targets,
    scalars,
  };
}

/** A vector that goes into the graph. */
type OpenPack = Omit<Pack, 'output'>;

/** Declares a vector of tensors; `undefined` where there are none. */
function declarePack(
  graph: GraphBuilder,
  pack: {
    readonly stem: string;
    readonly values: readonly Sized[];
    stateName(value: string): string;
  },
): OpenPack | undefined {
  const { stem, values, stateName } = pack;
  if (values.length === 0) return undefined;
  const { length, parts } = layOut(values);
  const input = graph.input(packName(stem), 'float32', [length]);
  writeUnpacking(graph, input, parts);
  return { input, length, parts: parts.map((part) => ({ ...part, name: stateName(part.name) })) };
}

function replaced(graph: GraphBuilder, pack: OpenPack, output: string): Pack {
  graph.output(output, 'float32', [pack.length]);
  return { ...pack, output };
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
    if (!moving.has(name)) graph.initializer(name, value);
  }
  graph.input(stepNames.rate, 'float32', []);
  for (const name of Object.keys(createUpdate(plan.optimizer).scalars(1))) {
    graph.input(name, 'float32', []);
  }
}

/** Writes the optimizer, once for all weights, and returns the packs of weights and slots. */
function writeUpdate(
  graph: GraphBuilder,
  parts: {
    readonly plan: TrainingPlan;
    readonly weights: OpenPack | undefined;
    readonly gradients: ReadonlyMap<string, string>;
    slotName(weight: string, slot: string): string;
  },
): readonly Pack[] {
  const { plan, weights, gradients, slotName } = parts;
  if (weights === undefined) return [];
  const update = createUpdate(plan.optimizer);
  const names = Object.keys(update.scalars(1));
  const slots = update.slots.map((slot) => ({
    slot,
    pack: declareSlot(graph, weights, { slot, slotName }),
  }));
  const decay = decayOf(graph, weights, plan.optimizer);
  const result = update.write(graph, {
    weight: weights.input,
    gradient: writePacking(graph, plan.trained.map(gradientIn(gradients))),
    slots: Object.fromEntries(slots.map(({ slot, pack }) => [slot, pack.input])),
    scalars: Object.fromEntries(names.map((name) => [name, name])),
    rate: stepNames.rate,
    ...(decay === undefined ? {} : { decay }),
  });
  return [
    replaced(graph, weights, result.weight),
    ...slots.map(({ slot, pack }) => replaced(graph, pack, result.slots[slot] ?? '')),
  ];
}

/** A slot is never taken apart inside the graph. */
function declareSlot(
  graph: GraphBuilder,
  weights: OpenPack,
  { slot, slotName }: { readonly slot: string; slotName(weight: string, slot: string): string },
): OpenPack {
  const input = graph.input(packName(slot), 'float32', [weights.length]);
  const parts = weights.parts.map((part) => ({ ...part, name: slotName(part.name, slot) }));
  return { ...weights, input, parts };
}

function gradientIn(gradients: ReadonlyMap<string, string>): (weight: string) => string {
  return (weight) => {
    const gradient = gradients.get(weight);
    if (gradient !== undefined) return gradient;
    throw new FleetError('invalid-argument', `The loss does not depend on "${weight}".`);
  };
}

/** What every number loses per unit of rate; biases and scales lose nothing. */
function decayOf(
  graph: GraphBuilder,
  { length, parts }: OpenPack,
  { weightDecay = 0 }: Optimizer,
): string | undefined {
  if (weightDecay === 0) return undefined;
  const shares = new Float32Array(length);
  for (const { dims, offset } of parts) {
    if (isMatrix(dims)) shares.fill(weightDecay, offset, offset + elementCount(dims));
  }
  return graph.constant(tensor('float32', [length], shares));
}

/** Biases and scales have one axis that is longer than 1; weights have more. */
const isMatrix = (dims: readonly number[]): boolean => dims.filter((size) => size > 1).length > 1;

/** Makes a scalar an output under a name of its own. */
function emit(graph: GraphBuilder, value: string, name: string): void {
  graph.op('Identity', [value], { output: name });
  graph.output(name, 'float32', []);
}

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
