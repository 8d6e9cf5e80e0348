import type { Recipe, TrainingState } from '@edgewise/models/train';
import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from './load-tfjs.ts';
import type { TfjsVariable } from './network.ts';
import { fromOnnx, toOnnx } from './tensors.ts';

/** Moves variables along their gradients. */
export interface TfjsOptimizer {
  /** `step` counts from 1. */
  update(name: string, gradient: tfjs.Tensor, call: UpdateCall): void;
  /** The slots by name, in the form that ONNX graphs hold them. */
  state(): TrainingState;
  dispose(): void;
}

interface UpdateCall {
  readonly step: number;
  readonly rate: number;
}

type Settings = Recipe['optimizer'];

/** The optimizer of a recipe, in the form that `optimizers.ts` of the models writes into graphs; slots start from `state`. */
export function createTfjsOptimizer(
  tf: Tfjs,
  options: {
    readonly settings: Settings;
    readonly variables: ReadonlyMap<string, TfjsVariable>;
    readonly slots: Iterable<string>;
    readonly state: TrainingState;
  },
): TfjsOptimizer {
  const { settings, variables, state } = options;
  const slots = new Map<string, TfjsVariable>();
  for (const slot of options.slots) {
    const owner = variables.get(slot.slice(0, slot.lastIndexOf('_')));
    const value = state[slot];
    if (owner === undefined || value === undefined) continue;
    const first = fromOnnx(tf, value, owner.toOnnx);
    const variable = tf.variable(first, false);
    first.dispose();
    slots.set(slot, { variable, toOnnx: owner.toOnnx });
  }
  const slot = (name: string, kind: string) => slots.get(`${name}_${kind}`)?.variable;
  const direction = settings.kind === 'adam' ? adam(settings, slot) : momentum(settings, slot);
  return {
    update(name, gradient, { step, rate }) {
      const variable = variables.get(name)?.variable;
      if (variable === undefined) return;
      const decays = isMatrix(variable.shape) && (settings.weightDecay ?? 0) > 0;
      const along = direction(name, gradient, step);
      const total = decays ? along.add(variable.mul(settings.weightDecay ?? 0)) : along;
      variable.assign(variable.sub(total.mul(rate)) as tfjs.Tensor<tfjs.Rank>);
    },
    state: () =>
      Object.fromEntries([...slots].map(([name, value]) => [name, toOnnx(tf, value)] as const)),
    dispose() {
      for (const { variable } of slots.values()) variable.dispose();
    },
  };
}

/** What the graph of a step takes for a weight: biases and scales have one axis longer than 1. */
const isMatrix = (dims: readonly number[]): boolean => dims.filter((size) => size > 1).length > 1;

type Slots = (name: string, kind: string) => tfjs.Variable | undefined;
type Direction = (name: string, gradient: tfjs.Tensor, step: number) => tfjs.Tensor;

function momentum({ momentum = 0 }: Extract<Settings, { kind: 'sgd' }>, slot: Slots): Direction {
  return (name, gradient) => {
    const velocity = slot(name, 'velocity');
    if (velocity === undefined) return gradient;
    velocity.assign(velocity.mul(momentum).add(gradient));
    return velocity;
  };
}

function adam(settings: Extract<Settings, { kind: 'adam' }>, slot: Slots): Direction {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = settings;
  return (name, gradient, step) => {
    const mean = slot(name, 'mean');
    const square = slot(name, 'square');
    if (mean === undefined || square === undefined) return gradient;
    mean.assign(mean.mul(beta1).add(gradient.mul(1 - beta1)));
    square.assign(square.mul(beta2).add(gradient.square().mul(1 - beta2)));
    const scale = square
      .div(1 - beta2 ** step)
      .sqrt()
      .add(epsilon);
    return mean.div(1 - beta1 ** step).div(scale);
  };
}
