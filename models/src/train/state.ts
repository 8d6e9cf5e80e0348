import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Checkpoint } from './checkpoint.ts';
import { initialWeights, networkParameters, type Weights } from './network.ts';
import type { Recipe } from './recipe.ts';
import type { TrainingStep } from './training-step.ts';

/** Everything that a step moves: weights, running statistics and optimizer slots, by name. */
export type TrainingState = Readonly<Record<string, Tensor>>;

/** Where a training begins. */
export interface StateSource {
  readonly plan: TrainingStep;
  readonly seed: number;
  readonly initial: Model | undefined;
  readonly resume: Checkpoint | undefined;
}

/** The state before the first step: a checkpoint's, or a model's or fresh weights with empty slots. */
export function startState(recipe: Recipe, source: StateSource): TrainingState {
  const { plan, seed, initial, resume } = source;
  if (resume !== undefined) {
    const sizes = [...plan.next.keys()].map((name) => [name, sizesOf(plan, name)] as const);
    return Object.fromEntries(
      sizes.map(([name, dims]) => [
        name,
        fitting(resume.state[name], { name, dims, of: 'checkpoint' }),
      ]),
    );
  }
  const weights = initial === undefined ? initialWeights(recipe, seed) : weightsOf(initial, recipe);
  const slots = [...plan.slots].map(
    ([name, dims]) =>
      [name, tensor('float32', dims, new Float32Array(elementCount(dims)))] as const,
  );
  return Object.fromEntries([...weights, ...slots]);
}

/** The weights and statistics within a state. */
export function weightsIn(state: TrainingState, recipe: Recipe): Weights {
  return new Map(
    networkParameters(recipe).map(({ name, dims }) => [
      name,
      fitting(state[name], { name, dims, of: 'state' }),
    ]),
  );
}

function weightsOf(model: Model, recipe: Recipe): Weights {
  return new Map(
    networkParameters(recipe).map(({ name, dims }) => {
      const found = model.graph.initializers.get(name) as Tensor | undefined;
      return [name, fitting(found, { name, dims, of: 'model' })];
    }),
  );
}

function sizesOf(plan: TrainingStep, name: string): readonly number[] {
  const dims = plan.model.graph.inputs.find((input) => input.name === name)?.dims ?? [];
  return dims.filter((size) => typeof size === 'number');
}

function fitting(
  found: Tensor | undefined,
  wanted: { readonly name: string; readonly dims: readonly number[]; readonly of: string },
): Tensor {
  const { name, dims, of } = wanted;
  if (found?.dtype === 'float32' && found.dims.join() === dims.join()) return found;
  const has = found === undefined ? 'nothing' : `${found.dtype} [${found.dims.join(', ')}]`;
  throw new FleetError(
    'invalid-argument',
    `The recipe needs "${name}" as float32 [${dims.join(', ')}], but the ${of} has ${has}.`,
  );
}
