import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Checkpoint } from './checkpoint.ts';
import { networkParameters, type Weights } from './network.ts';
import type { Recipe } from './recipe.ts';
import type { TrainingStep } from './training-step.ts';

/** Everything that a step moves: weights, running statistics and optimizer slots, by name. */
export type TrainingState = Readonly<Record<string, Tensor>>;

/** Where a training begins. */
export interface StateSource {
  readonly plan: TrainingStep;
  /** Weights and statistics to start from. */
  readonly weights: Weights;
  readonly resume: Checkpoint | undefined;
}

/**
 * The state before the first step: a checkpoint's, or the weights with empty slots. Throws
 * `invalid-argument` for a checkpoint of another training.
 */
export function startState({ plan, weights, resume }: StateSource): TrainingState {
  if (resume !== undefined) {
    const wanted = plan.state.flatMap(({ parts }) => parts);
    assertNothingElse(resume.state, new Set(wanted.map(({ name }) => name)));
    return Object.fromEntries(
      wanted.map(({ name, dims }) => [
        name,
        fitting(resume.state[name], { name, dims, of: 'checkpoint' }),
      ]),
    );
  }
  const slots = [...plan.slots].map(
    ([name, dims]) =>
      [name, tensor('float32', dims, new Float32Array(elementCount(dims)))] as const,
  );
  return Object.fromEntries([...weights, ...slots]);
}

/** A checkpoint with more than is needed would go on by another optimizer, or for other layers. */
function assertNothingElse(state: TrainingState, wanted: ReadonlySet<string>): void {
  const surplus = Object.keys(state).find((name) => !wanted.has(name));
  if (surplus === undefined) return;
  throw new FleetError(
    'invalid-argument',
    `The checkpoint is of another training: it has "${surplus}", which this one does not keep.`,
  );
}

/** The weights and statistics within a state: those that `like` has. */
export function weightsIn(state: TrainingState, like: Weights): Weights {
  return new Map(
    [...like].map(([name, { dims }]) => [name, fitting(state[name], { name, dims, of: 'state' })]),
  );
}

/** The weights of a recipe that a model holds; throws `invalid-argument` where they do not fit. */
export function weightsOf(model: Model, recipe: Recipe): Weights {
  return weightsNamed(model, networkParameters(recipe));
}

/** The weights of these names and sizes that a model holds; throws `invalid-argument` for other sizes. */
export function weightsNamed(
  model: Model,
  wanted: readonly { readonly name: string; readonly dims: readonly number[] }[],
): Weights {
  return new Map(
    wanted.map(({ name, dims }) => {
      const found = model.graph.initializers.get(name) as Tensor | undefined;
      return [name, fitting(found, { name, dims, of: 'model' })];
    }),
  );
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
