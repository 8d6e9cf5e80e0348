import type { Tensor } from '@edgewise/models/tensor';
import {
  createMask,
  networkParameters,
  type Recipe,
  type StepCall,
  type Stepper,
  type StepperStart,
  type StepResult,
  type TrainingState,
} from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from './load-tfjs.ts';
import { buildTfjsNetwork } from './network.ts';
import { createTfjsOptimizer } from './optimizer.ts';
import { fromOnnx } from './tensors.ts';

/** Runs a recipe's steps in tfjs, from and to the same state as the graph of a step. */
export function createTfjsStepper(
  tf: Tfjs,
  recipe: Recipe,
  start: StepperStart,
): Stepper & AsyncDisposable {
  const { plan, state, seed, classWeights } = start;
  const network = buildTfjsNetwork(tf, recipe);
  const { variables } = network;
  for (const [name, { variable, toOnnx }] of variables) {
    const value = state[name];
    if (value !== undefined) tf.tidy(() => variable.assign(fromOnnx(tf, value, toOnnx)));
  }
  const optimizer = createTfjsOptimizer(tf, {
    ...{ settings: recipe.optimizer, variables, slots: plan.slots.keys(), state },
  });
  const roles = new Map(networkParameters(recipe).map(({ name, role }) => [name, role]));
  const trained = [...variables].filter(([name]) => roles.get(name) === 'trained');
  const list = trained.map(([, { variable }]) => variable);
  const masks = plan.masks.map((mask) => createMask(mask, seed));
  const measure = lossOf(tf, recipe, classWeights);

  function compute(step: number, { batch, rate }: StepCall): StepResult {
    return tf.tidy(() => {
      let correct = 0;
      const { value, grads } = tf.variableGrads(() => {
        let layer = 0;
        const drop = (input: tfjs.Tensor): tfjs.Tensor => {
          const mask = masks[layer]?.fill(step, layer);
          layer++;
          return mask === undefined ? input : input.mul(imageLast(tf, mask));
        };
        const logits = network.forward(batchTensor(tf, batch.inputs), drop);
        const measured = measure(logits, batch.labels.data);
        correct = measured.correct;
        return measured.loss;
      }, list);
      for (const [name, { variable }] of trained) {
        const gradient = grads[variable.name];
        if (gradient !== undefined) optimizer.update(name, gradient, { step: step + 1, rate });
      }
      return { loss: value.dataSync()[0] ?? Number.NaN, correct };
    });
  }

  return {
    get state(): TrainingState {
      return { ...Object.fromEntries(network.weights()), ...optimizer.state() };
    },
    async run(step, call) {
      // Steps are long here: what else waits in this process is let through between them.
      await new Promise(setImmediate);
      if (call.signal?.aborted) throw new FleetError('canceled', 'The training was aborted.');
      return compute(step, call);
    },
    [Symbol.asyncDispose]() {
      optimizer.dispose();
      network.dispose();
      return Promise.resolve();
    },
  };
}

function batchTensor(tf: Tfjs, { data, dims, dtype }: Tensor): tfjs.Tensor {
  const type = dtype === 'uint8' ? 'int32' : 'float32';
  return tf.tensor(data as Float32Array | Uint8Array, [...dims], type).toFloat();
}

/** A mask over an image stands channels first; tfjs' images stand channels last. */
function imageLast(tf: Tfjs, { data, dims }: Tensor<'float32'>): tfjs.Tensor {
  const mask = tf.tensor(data, [...dims]);
  return dims.length === 4 ? mask.transpose([0, 2, 3, 1]) : mask;
}

interface Measured {
  readonly loss: tfjs.Scalar;
  /** Samples whose highest score is their label's. */
  readonly correct: number;
}

/** The loss of a recipe, as `losses.ts` of the models defines it. */
function lossOf(tf: Tfjs, recipe: Recipe, classWeights: readonly number[] | undefined) {
  return (logits: tfjs.Tensor, labels: Int32Array): Measured => {
    const [batch = 0, classes = 0] = logits.shape;
    const truth = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat();
    const weights =
      classWeights === undefined
        ? tf.scalar(1)
        : tf.tensor2d(
            [...labels].map((label) => classWeights[label] ?? 0),
            [batch, 1],
          );
    const loss =
      recipe.loss === 'softmax-cross-entropy'
        ? tf
            .logSoftmax(logits as tfjs.Tensor2D)
            .mul(truth)
            .mul(weights)
            .sum()
            .mul(-1 / batch)
        : logits.sub(truth).square().mul(weights).mean();
    const best = logits.argMax(1).dataSync();
    const correct = labels.reduce((sum, label, row) => sum + (best[row] === label ? 1 : 0), 0);
    return { loss: loss as tfjs.Scalar, correct };
  };
}
