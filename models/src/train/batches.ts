import { FleetError } from '@edgewise/protocol';
import { createRandom, shuffled } from '../random/random.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { SampleData } from './augmentation.ts';
import { createAugment } from './create-augment.ts';
import { purposes } from './purposes.ts';
import type { TrainingSettings } from './recipe.ts';

/** Samples with their class numbers. */
export interface LabelledData {
  /** `[count, ...]` in the recipe's input type; each sample has as many numbers as the recipe's input. */
  readonly inputs: Tensor;
  /** One class number per sample. */
  readonly labels: Int32Array;
}

/** One batch; its tensors are reused by the next. */
export interface Batch {
  readonly inputs: Tensor;
  readonly labels: Tensor<'int32'>;
}

/** Gathers the batches of a training in the order of its seed. */
export interface Batches {
  readonly perEpoch: number;
  /** The batch of a step, from 0; the same step always gives the same batch. */
  at(step: number): Batch;
}

/**
 * Draws batches without replacement: each epoch has its own order, and what does not fill a last
 * batch is left out of that epoch. Throws `insufficient-data` when there is not one whole batch.
 */
export function createBatches(
  data: LabelledData,
  options: { readonly recipe: TrainingSettings; readonly seed: number },
): Batches {
  const { recipe, seed } = options;
  const { batchSize, input, augmentation } = recipe;
  const count = data.labels.length;
  const perEpoch = Math.floor(count / batchSize);
  if (perEpoch === 0) {
    const reason = `${count} samples do not fill one batch of ${batchSize}.`;
    throw new FleetError('insufficient-data', reason);
  }
  const source = data.inputs.data as SampleData;
  const size = elementCount(input.shape);
  const target =
    input.dtype === 'uint8' ? new Uint8Array(batchSize * size) : new Float32Array(batchSize * size);
  const batch: Batch = {
    inputs: { dtype: input.dtype, dims: [batchSize, ...input.shape], data: target },
    labels: tensor('int32', [batchSize], new Int32Array(batchSize)),
  };
  const augment = augmentation === undefined ? undefined : createAugment(input, augmentation);
  let epoch = -1;
  let order: Uint32Array = new Uint32Array();

  return {
    perEpoch,
    at(step) {
      const wanted = Math.floor(step / perEpoch);
      if (wanted !== epoch) {
        epoch = wanted;
        order = shuffled(count, createRandom(seed, purposes.order, epoch));
      }
      const random = createRandom(seed, purposes.augmentation, step);
      for (let row = 0; row < batchSize; row++) {
        const sample = order[(step % perEpoch) * batchSize + row] ?? 0;
        const from = source.subarray(sample * size, (sample + 1) * size);
        const to = target.subarray(row * size, (row + 1) * size);
        if (augment === undefined) to.set(from);
        else augment(from, to, random);
        batch.labels.data[row] = data.labels[sample] ?? 0;
      }
      return batch;
    },
  };
}

/** Refuses data that does not belong to a recipe: throws `invalid-argument` and says where. */
export function assertFits(data: LabelledData, recipe: TrainingSettings, classes: number): void {
  const { shape, dtype } = recipe.input;
  const { inputs, labels } = data;
  if (inputs.dtype !== dtype) {
    throw misuse(`The recipe takes ${dtype} inputs, but the data holds ${inputs.dtype}.`);
  }
  if (inputs.data.length !== labels.length * elementCount(shape)) {
    throw misuse(
      `${labels.length} samples of [${shape.join(', ')}] do not make the ${inputs.data.length} numbers of the data.`,
    );
  }
  const numbers = dtype === 'float32' ? (inputs.data as Float32Array) : [];
  const strange = numbers.findIndex((value) => !Number.isFinite(value));
  if (strange >= 0) {
    const sample = Math.floor(strange / elementCount(shape));
    throw misuse(`Sample ${sample} holds ${numbers[strange]}, which is no finite number.`);
  }
  const wrong = labels.findIndex((label) => !(label >= 0 && label < classes));
  if (wrong >= 0) {
    throw misuse(
      `Sample ${wrong} has class ${labels[wrong]}, but the network knows 0 to ${classes - 1}.`,
    );
  }
}

function misuse(reason: string): FleetError {
  return new FleetError('invalid-argument', reason);
}
