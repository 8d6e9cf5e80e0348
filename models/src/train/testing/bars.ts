import { createRandom } from '../../random/random.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { LabelledData } from '../batches.ts';
import { readRecipe } from '../read-recipe.ts';
import type { Recipe } from '../recipe.ts';

const side = 8;

/** How far a bar stands out of noise, in grey levels. */
export interface Contrast {
  readonly bright: number;
  /** Noise is below this. */
  readonly noise: number;
}

/** Noisy images of one bright row (class 0) or column (class 1), `[count, 8, 8, 1]`. */
export function bars(
  count: number,
  seed: number,
  contrast: Contrast = { bright: 150, noise: 100 },
): LabelledData {
  return draw({ count, seed, contrast }, ({ below }) => {
    const line = below(side);
    return { line, label: below(2) };
  });
}

/** The same with a class for each half in which the row or column lies: four classes, harder to see. */
export function barsByHalf(count: number, seed: number): LabelledData {
  return draw({ count, seed, contrast: { bright: 120, noise: 130 } }, ({ below }) => {
    const label = below(4);
    return { label, line: below(side / 2) + (side / 2) * (label >> 1) };
  });
}

/** For `barsByHalf`: both kinds of bounds, a pool, batch normalisation behind a plain and a depthwise layer. */
export function barsByHalfRecipe(): Recipe {
  const bare = { bias: false } as const;
  return readRecipe({
    name: 'bars',
    task: 'classification',
    input: { shape: [side, side, 1], dtype: 'uint8', scale: 1 / 255 },
    layers: [
      { kind: 'conv', filters: 8, kernel: 3, ...bare },
      { kind: 'batchnorm' },
      { kind: 'relu6' },
      { kind: 'depthwise', kernel: 3, ...bare },
      { kind: 'batchnorm' },
      { kind: 'relu' },
      { kind: 'maxpool' },
      { kind: 'flatten' },
      { kind: 'dense', units: 16 },
      { kind: 'relu' },
      { kind: 'dense', units: 4 },
    ],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.01 },
    schedule: { kind: 'cosine', warmupSteps: 4 },
    epochs: 6,
    batchSize: 25,
    seed: 1,
  });
}

interface Drawing {
  readonly count: number;
  readonly seed: number;
  readonly contrast: Contrast;
}

/** Even labels are rows, odd ones columns. */
function draw(
  { count, seed, contrast }: Drawing,
  next: (random: ReturnType<typeof createRandom>) => {
    readonly line: number;
    readonly label: number;
  },
): LabelledData {
  const random = createRandom(seed);
  const size = side * side;
  const data = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const { line, label } = next(random);
    labels[sample] = label;
    for (let at = 0; at < size; at++) {
      const isOn = (label % 2 === 0 ? Math.floor(at / side) : at % side) === line;
      data[sample * size + at] = (isOn ? contrast.bright : 0) + random.below(contrast.noise);
    }
  }
  return { inputs: tensor('uint8', [count, side, side, 1], data), labels };
}
