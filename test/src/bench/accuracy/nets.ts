import { type Recipe, readRecipe } from '@edgewise/models/train';

/** A network of the table. */
export interface Net {
  readonly name: string;
  readonly recipe: Recipe;
}

type Layers = readonly object[];

const normed = (activation: string): Layers => [{ kind: 'batchnorm' }, { kind: activation }];

const conv = (filters: number, options: object = {}): object => {
  return { kind: 'conv', filters, kernel: 3, stride: 2, bias: false, ...options };
};

const depthwise = (filters: number, activation: string): Layers => [
  { kind: 'depthwise', kernel: 3, bias: false },
  ...normed(activation),
  conv(filters, { kernel: 1, stride: 1 }),
  ...normed(activation),
];

const head: Layers = [{ kind: 'globalavgpool' }, { kind: 'dense', units: 10 }];

const layersOf = {
  relu: [
    ...[conv(8, { bias: true }), { kind: 'relu' }, conv(16, { bias: true }), { kind: 'relu' }],
    ...[{ kind: 'flatten' }, { kind: 'dense', units: 32 }, { kind: 'relu' }],
    { kind: 'dense', units: 10 },
  ],
  relu6: [
    ...[conv(8), ...normed('relu6'), conv(16), ...normed('relu6'), conv(32), ...normed('relu6')],
    ...head,
  ],
  hardswish: [
    ...[conv(8), ...normed('hardswish'), conv(16), ...normed('hardswish')],
    ...[conv(32), ...normed('hardswish'), ...head],
  ],
  depthwise: [
    ...[conv(8), ...normed('relu6'), conv(16), ...normed('relu6')],
    ...[...depthwise(32, 'relu6'), ...depthwise(32, 'relu6'), ...head],
  ],
  'depthwise hardswish': [
    ...[conv(8), ...normed('hardswish'), conv(16), ...normed('hardswish')],
    ...[...depthwise(32, 'hardswish'), ...depthwise(32, 'hardswish'), ...head],
  ],
} as const satisfies Record<string, Layers>;

/** Small networks for images of 28 x 28 bytes, one for each kind of layer that int8 treats its own way. */
export const nets: readonly Net[] = Object.entries(layersOf).map(([name, layers]) => ({
  name,
  recipe: readRecipe({
    ...{ name: 'accuracy', task: 'classification', loss: 'softmax-cross-entropy', layers },
    input: { shape: [28, 28, 1], layout: 'hwc', dtype: 'uint8', scale: 1 / 255 },
    optimizer: { kind: 'adam', rate: 0.004 },
    schedule: { kind: 'cosine', warmupSteps: 50 },
    ...{ epochs: 2, batchSize: 64, seed: 1 },
  }),
}));
