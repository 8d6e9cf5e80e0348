import type { Static } from 'typebox';
import type { Model } from '../../onnx/graph.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { calibrate } from '../../shrink/calibrate/calibrate.ts';
import type { Ranges } from '../../shrink/calibrate/ranges.ts';
import { prepare } from '../../shrink/prepare.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import { elementCount } from '../../tensor/tensor.ts';
import type { LabelledData } from '../batches.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { TuneRecipe } from '../fine-tune/tune-recipe.ts';
import { modelNames, type Weights } from '../network.ts';
import { networkFor } from '../network-for.ts';
import type { Recipe, RecipeQuantization, TrainingSettings } from '../recipe.ts';
import type { TrainableNetwork } from '../trainable-network.ts';
import { type RunOptions, runTraining, type Trainee, type TrainResult } from '../training-run.ts';
import { fakeQuantize } from './fake-quantize.ts';
import { type FakeQuantization, type PlanOptions, planFakeQuantization } from './plan.ts';

/** How a trained network learns to live with few bits, as in a recipe. Activations have 8. */
export type QuantizationSettings = PlanOptions & Static<typeof RecipeQuantization>;

/** What is trained on; checkpoints of this training resume this training only. */
export interface TrainQuantizedOptions extends RunOptions {
  readonly recipe: Recipe | TuneRecipe;
  /** The model that a recipe for an imported one stands on. */
  readonly base?: Model;
  /** The float model of the recipe that training starts from; its weights are in every checkpoint. */
  readonly initial: Model;
  readonly quantization: QuantizationSettings;
}

/** A network that was trained for few bits. */
export interface QuantizedTraining extends TrainResult {
  /** The weights in float; validation in `history` is that of the rounded network. */
  readonly model: Model;
  /** `model` prepared for `quantize`: batch normalisation folded. */
  readonly prepared: Model;
  /** For `quantize` with the same `weightBits`, in whatever form a device needs. */
  readonly ranges: Ranges;
  /** The QDQ model with uint8 activations, the same function as the rounded network. */
  readonly quantized: Model;
}

/** Ranges and statistics need few samples, in runs that stay small. */
const calibrationSamples = 512;
const calibrationBatch = 64;

/**
 * Quantization-aware training (Jacob et al. 2018) of a network: the forward pass rounds
 * weights and activations as the quantized model will, gradients pass straight through the rounding.
 * The ranges of inner values are those of the float network on some samples, and stay; the
 * outputs are not rounded while training and get their ranges at the end. Throws what `train` throws.
 */
export async function trainQuantized(options: TrainQuantizedOptions): Promise<QuantizedTraining> {
  const { recipe, base, initial, quantization, runtime, signal, threads = 1 } = options;
  const network = networkFor(recipe, base);
  const float = network.weightsOf(initial);
  const feeds = calibrationFeeds(options.data, network.settings);
  const observe = { method: 'minmax', threads, ...(signal && { signal }) } as const;
  const start = prepare(network.finish(float));
  const before = await calibrate(start, feeds, runtime, observe);
  const inner = withoutOutputs(planFakeQuantization(start, before, quantization), start);

  const result = await runTraining(
    traineeOf(network, { weights: float, quantization, plan: inner }),
    withFloat(options, float),
  );
  const model = network.finish(network.weightsOf(result.model));
  const after = await calibrate(fakeQuantize(model, inner), feeds, runtime, observe);
  const ranges = new Map(
    [...before].map(([name, range]) => {
      return [name, inner.activations.has(name) ? range : (after.get(name) ?? range)];
    }),
  );
  const prepared = prepare(model);
  const grid = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { weightBits, exclude } = quantization;
  const given = { ...grid, weightBits, ...(exclude && { exclude }) };
  const quantized = quantize(prepared, ranges, given).model;
  return { ...result, model, prepared, ranges, quantized };
}

/** The same options, with the float weights in every checkpoint. */
function withFloat(options: TrainQuantizedOptions, float: Weights): RunOptions {
  const { checkpoint } = options;
  if (checkpoint === undefined) return options;
  const save = (taken: Checkpoint) =>
    checkpoint.save({ ...taken, float: Object.fromEntries(float) });
  return { ...options, checkpoint: { ...checkpoint, save } };
}

function traineeOf(
  network: TrainableNetwork,
  training: {
    readonly weights: Weights;
    readonly quantization: QuantizationSettings;
    readonly plan: FakeQuantization;
  },
): Trainee {
  const { weights, quantization, plan } = training;
  const { optimizer } = network.settings;
  const { epochs, rate = optimizer.rate / 3 } = quantization;
  return {
    classes: network.classes,
    settings: { ...network.settings, epochs, optimizer: { ...optimizer, rate } },
    weights,
    step: (form) => network.step({ ...form, rewrite: (model) => fakeQuantize(model, plan) }),
    finish: (trained) => fakeQuantize(network.finish(trained), plan),
  };
}

function withoutOutputs(plan: FakeQuantization, { graph }: Model): FakeQuantization {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const inner = [...plan.activations].filter(([name]) => !outputs.has(name));
  return { ...plan, activations: new Map(inner) };
}

/** Samples evenly from the whole, which may be in order of its labels, in small batches. */
function calibrationFeeds(
  { inputs, labels }: LabelledData,
  { input }: Pick<TrainingSettings, 'input'>,
): readonly Feeds[] {
  const size = elementCount(input.shape);
  const count = Math.min(labels.length, calibrationSamples);
  const sampleAt = (place: number): number => Math.floor((place * labels.length) / count);
  return Array.from({ length: Math.ceil(count / calibrationBatch) }, (_, feed) => {
    const start = feed * calibrationBatch;
    const length = Math.min(count - start, calibrationBatch);
    const data = inputs.data.slice(0, length * size) as Uint8Array;
    for (let at = 0; at < length; at++) {
      const from = sampleAt(start + at) * size;
      data.set(inputs.data.subarray(from, from + size) as Uint8Array, at * size);
    }
    return { [modelNames.input]: { ...inputs, dims: [length, ...input.shape], data } };
  });
}
