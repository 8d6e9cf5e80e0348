import { type Recipe, readRecipe } from '@edgewise/models/train';

/** The networks that every side trains. */
export const networkNames = ['cnn', 'depthwise', 'mobilenet'] as const;
export type NetworkName = (typeof networkNames)[number];

/** The batch size of comparisons that are made at one size. */
export const plainBatchSize = 32;

/** What is measured of a network. */
export interface Workload {
  readonly title: string;
  /** Sizes of an image: channels, rows, columns. */
  readonly dims: readonly [number, number, number];
  /** Each side trains at its best of these. */
  readonly batchSizes: readonly number[];
  /** Images per measurement, about half a second of work. */
  readonly images: number;
}

export const workloads: Readonly<Record<NetworkName, Workload>> = {
  cnn: {
    title: 'CNN, 28 x 28',
    dims: [1, 28, 28],
    batchSizes: [32, 64, 128, 512],
    images: 4096,
  },
  depthwise: {
    title: 'depthwise and batch norm, 32 x 32',
    dims: [3, 32, 32],
    batchSizes: [32, 64, 128, 512],
    images: 4096,
  },
  mobilenet: {
    title: 'MobileNetV1 0.25, 96 x 96',
    dims: [3, 96, 96],
    batchSizes: [16, 32, 64],
    images: 256,
  },
};

const conv = (filters: number, kernel: number, stride = 1) =>
  ({ kind: 'conv', filters, kernel, stride, bias: false }) as const;
const normalised = [{ kind: 'batchnorm' }, { kind: 'relu6' }] as const;
const separable = (width: number, stride: number) => [
  { kind: 'depthwise', kernel: 3, stride, bias: false },
  ...normalised,
  conv(width, 1),
  ...normalised,
];
const head = [{ kind: 'globalavgpool' }, { kind: 'dense', units: 10 }];
const pooledConv = (filters: number) => [
  { kind: 'conv', filters, kernel: 3 },
  { kind: 'relu' },
  { kind: 'maxpool' },
];

/** Width and stride of each pair of MobileNetV1 at a quarter of its width (Howard et al. 2017, table 1). */
const mobilenetPairs = [
  [16, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  ...Array.from({ length: 5 }, () => [128, 1] as const),
  [256, 2],
  [256, 1],
] as const;

const layersOf: Readonly<Record<NetworkName, readonly unknown[]>> = {
  cnn: [
    ...pooledConv(16),
    ...pooledConv(32),
    { kind: 'flatten' },
    { kind: 'dense', units: 64 },
    { kind: 'relu' },
    { kind: 'dense', units: 10 },
  ],
  depthwise: [conv(16, 3, 2), ...normalised, ...separable(32, 1), ...head],
  mobilenet: [
    conv(8, 3, 2),
    ...normalised,
    ...mobilenetPairs.flatMap(([width, stride]) => separable(width, stride)),
    ...head,
  ],
};

/** The recipe of a network, trained with Adam for one epoch. */
export function recipeOf(name: NetworkName, batchSize: number): Recipe {
  return readRecipe({
    name,
    task: 'classification',
    input: { shape: workloads[name].dims, layout: 'chw', dtype: 'float32', scale: 1 },
    layers: layersOf[name],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.001 },
    schedule: { kind: 'constant' },
    epochs: 1,
    batchSize,
    seed: 1,
  });
}
