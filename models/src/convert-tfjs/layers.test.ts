import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type Feed, largestDifference, randomised } from './testing/tfjs-model.ts';

before(() => tf.setBackend('cpu'));

const { layers } = tf;
type Layer = tf.layers.Layer;
/** A Sequential model over inputs of one shape, by the fact that its equality proves. */
type Case = readonly [name: string, shape: (number | null)[], make: () => Layer[], feed?: Feed];

const image = [7, 6, 3];
const series = [9, 4];
const first = 'channelsFirst' as const;

const cases: readonly Case[] = [
  ['dense', [5], () => [layers.dense({ units: 4, activation: 'relu' })]],
  ['dense without bias', [5], () => [layers.dense({ units: 4, useBias: false })]],
  ['dense over the last of three axes', series, () => [layers.dense({ units: 3 })]],
  ['dense over the last of four axes', image, () => [layers.dense({ units: 3 })]],
  ['conv1d', series, () => [layers.conv1d({ filters: 5, kernelSize: 3 })]],
  [
    'conv1d, strided and same',
    series,
    () => [layers.conv1d({ filters: 5, kernelSize: 4, strides: 2, padding: 'same' })],
  ],
  [
    'conv1d, dilated',
    series,
    () => [layers.conv1d({ filters: 2, kernelSize: 3, dilationRate: 2 })],
  ],
  [
    'conv1d over any number of steps',
    [null, 4],
    () => [layers.conv1d({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })],
    { dims: [2, 8, 4] },
  ],
  ['conv2d', image, () => [layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' })]],
  [
    'conv2d, strided and same',
    image,
    () => [layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same' })],
  ],
  [
    'conv2d, dilated and same',
    image,
    () => [layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same' })],
  ],
  [
    'conv2d with channels first',
    [3, 7, 6],
    () => [layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: first, useBias: false })],
  ],
  [
    'conv2d that ends with softmax',
    image,
    () => [layers.conv2d({ filters: 4, kernelSize: 3, activation: 'softmax' })],
  ],
  [
    'conv2d over images of any size',
    [null, null, 3],
    () => [
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.globalAveragePooling2d({}),
    ],
    { dims: [2, 7, 6, 3] },
  ],
  ['depthwise', image, () => [layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' })]],
  [
    'depthwise with a multiplier and strides',
    image,
    () => [layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2 })],
  ],
  [
    'separable',
    image,
    () => [layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2 })],
  ],
  [
    'separable, dilated and same',
    image,
    () => [layers.separableConv2d({ filters: 5, kernelSize: 3, padding: 'same', dilationRate: 2 })],
  ],
  ...(['same', 'valid'] as const).flatMap((padding) =>
    (
      [
        [3, 2],
        [2, 3],
        [4, 2],
        [3, 1],
      ] as const
    ).map(
      ([kernelSize, strides]): Case => [
        `conv2d transpose ${padding}, kernel ${kernelSize}, stride ${strides}`,
        image,
        () => [layers.conv2dTranspose({ filters: 2, kernelSize, strides, padding })],
      ],
    ),
  ),
  [
    'batch norm after conv',
    image,
    () => [
      layers.conv2d({ filters: 4, kernelSize: 3 }),
      layers.batchNormalization({}),
      layers.reLU({ maxValue: 6 }),
    ],
  ],
  ['batch norm of vectors', [5], () => [layers.batchNormalization({ epsilon: 1e-2 })]],
  ['batch norm of series', series, () => [layers.batchNormalization({ scale: false })]],
  ['layer norm', series, () => [layers.layerNormalization({})]],
  ['layer norm over two axes', image, () => [layers.layerNormalization({ axis: [2, 3] })]],
  ...(['same', 'valid'] as const).flatMap((padding): Case[] => [
    [
      `max pool ${padding}`,
      image,
      () => [layers.maxPooling2d({ poolSize: 3, strides: 2, padding })],
    ],
    [
      `average pool ${padding}`,
      image,
      () => [layers.averagePooling2d({ poolSize: 3, strides: 2, padding })],
    ],
    [
      `max pool of series ${padding}`,
      series,
      () => [layers.maxPooling1d({ poolSize: 2, padding })],
    ],
    [
      `average pool of series ${padding}`,
      series,
      () => [layers.averagePooling1d({ poolSize: 3, strides: 2, padding })],
    ],
  ]),
  ['max pool with channels first', [3, 7, 6], () => [layers.maxPooling2d({ dataFormat: first })]],
  ['global average pool', image, () => [layers.globalAveragePooling2d({})]],
  ['global max pool', image, () => [layers.globalMaxPooling2d({})]],
  ['global average pool of series', series, () => [layers.globalAveragePooling1d({})]],
  ['global max pool of series', series, () => [layers.globalMaxPooling1d({})]],
  [
    'flatten after conv',
    image,
    () => [
      layers.conv2d({ filters: 4, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  ],
  ['flatten of channels first', [3, 7, 6], () => [layers.flatten({ dataFormat: first })]],
  [
    'one channel',
    [7, 6, 1],
    () => [layers.conv2d({ filters: 2, kernelSize: 3 }), layers.flatten()],
  ],
  ['reshape', [12], () => [layers.reshape({ targetShape: [3, -1, 2] })]],
  ['permute', image, () => [layers.permute({ dims: [3, 1, 2] })]],
  ['repeat vector', [5], () => [layers.repeatVector({ n: 3 })]],
  [
    'zero padding',
    image,
    () => [
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ],
  ],
  [
    'cropping',
    image,
    () => [
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ],
  ],
  ['up sampling', image, () => [layers.upSampling2d({ size: [2, 3] })]],
  [
    'bilinear up sampling',
    image,
    () => [layers.upSampling2d({ size: [3, 2], interpolation: 'bilinear' })],
  ],
  [
    'embedding',
    [6],
    () => [layers.embedding({ inputDim: 10, outputDim: 4 })],
    { dims: [3, 6], below: 10 },
  ],
  ['prelu', image, () => [layers.prelu({})]],
  ['prelu that shares axes', image, () => [layers.prelu({ sharedAxes: [1, 2] })]],
  ['leaky relu', [5], () => [layers.leakyReLU({ alpha: 0.2 })]],
  ['elu', [5], () => [layers.elu()]],
  ['thresholded relu', [9], () => [layers.thresholdedReLU({ theta: 0.5 })]],
  ['softmax', [5], () => [layers.softmax({ axis: -1 })]],
  [
    'what only acts in training',
    series,
    () => [
      layers.dropout({ rate: 0.5 }),
      layers.spatialDropout1d({ rate: 0.5 }),
      layers.gaussianNoise({ stddev: 1 }),
      layers.gaussianDropout({ rate: 0.5 }),
      layers.alphaDropout({ rate: 0.5 }),
      layers.dense({ units: 2 }),
    ],
  ],
  [
    'time distributed dense',
    series,
    () => [layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'tanh' }) })],
  ],
  [
    'time distributed conv',
    [4, 7, 6, 3],
    () => [
      layers.timeDistributed({ layer: layers.conv2d({ filters: 2, kernelSize: 3 }) }),
      layers.timeDistributed({ layer: layers.flatten() }),
    ],
  ],
  ['only a flatten', image, () => [layers.flatten()]],
  ['only a dropout', [5], () => [layers.dropout({ rate: 0.1 })]],
];

for (const [name, shape, make, feed] of cases) {
  test(`${name} gives what tfjs gives`, async () => {
    const model = tf.sequential();
    model.add(layers.inputLayer({ inputShape: shape as number[] }));
    for (const layer of make()) model.add(layer);
    const wanted = feed ?? { dims: [3, ...(shape as number[])] };
    assert.ok((await largestDifference(randomised(model), [wanted])) < 1e-5);
  });
}

const activations = [
  ...['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus'],
  ...['softsign', 'tanh', 'swish', 'mish', 'gelu', 'logSoftmax'],
];

for (const activation of activations) {
  test(`activation ${activation} gives what tfjs gives`, async () => {
    const model = tf.sequential();
    const named = { activation: activation as 'relu' };
    model.add(layers.dense({ units: 6, inputShape: [5], ...named }));
    model.add(layers.activation(named));
    assert.ok((await largestDifference(randomised(model), [{ dims: [4, 5] }])) < 1e-5);
  });
}

for (const [axis, there, back] of [
  [1, [2, 3, 1], [3, 1, 2]],
  [2, [1, 3, 2], [1, 3, 2]],
] as const) {
  test(`batch norm along axis ${axis} is batch norm of the turned image`, async () => {
    const model = tf.sequential();
    model.add(layers.batchNormalization({ axis, inputShape: [3, 4, 5] }));
    const peer = tf.sequential();
    peer.add(layers.permute({ dims: [...there], inputShape: [3, 4, 5] }));
    peer.add(layers.batchNormalization({}));
    peer.add(layers.permute({ dims: [...back] }));
    peer.setWeights(randomised(model).getWeights());
    assert.ok((await largestDifference(model, [{ dims: [2, 3, 4, 5] }], peer)) < 1e-5);
  });
}
