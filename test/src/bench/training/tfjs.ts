import * as tf from '@tensorflow/tfjs';
import type { NetworkName } from './networks.ts';
import { recipeOf, workloads } from './networks.ts';

/** Images of the one step that is timed: tfjs in plain JavaScript takes seconds for them. */
const batchSizes: Readonly<Record<NetworkName, number>> = { cnn: 16, depthwise: 16, mobilenet: 4 };

/** Images per second of tfjs in plain JavaScript, training a network with Adam. */
export async function measureTfjs(name: NetworkName): Promise<number> {
  await tf.setBackend('cpu');
  const batchSize = batchSizes[name];
  const model = modelOf(name);
  const step = async (size: number): Promise<number> => {
    const [channels, rows, columns] = workloads[name].dims;
    const images = tf.randomUniform([size, rows, columns, channels], -1, 1, 'float32', 1);
    const labels = tf.oneHot(tf.zeros([size], 'int32'), 10);
    const startedMs = performance.now();
    await model.trainOnBatch(images, labels);
    const tookMs = performance.now() - startedMs;
    tf.dispose([images, labels]);
    return tookMs;
  };
  // A small step first, so that compilation is not what is measured.
  await step(1);
  const tookMs = await step(batchSize);
  model.dispose();
  return (1000 * batchSize) / tookMs;
}

function modelOf(name: NetworkName): tf.Sequential {
  const [channels, rows, columns] = workloads[name].dims;
  const model = tf.sequential();
  model.add(tf.layers.inputLayer({ inputShape: [rows, columns, channels] }));
  for (const layer of recipeOf(name, 1).layers) model.add(layerOf(layer));
  model.compile({
    optimizer: tf.train.adam(0.001),
    loss: (truth: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(truth, logits),
  });
  return model;
}

function layerOf(layer: ReturnType<typeof recipeOf>['layers'][number]): tf.layers.Layer {
  switch (layer.kind) {
    case 'conv': {
      const { filters, kernel, stride = 1, bias = true } = layer;
      const sizes = { filters, kernelSize: kernel, strides: stride };
      return tf.layers.conv2d({ ...sizes, padding: 'same', useBias: bias });
    }
    case 'depthwise': {
      const { kernel, stride = 1, bias = true } = layer;
      const sizes = { kernelSize: kernel, strides: stride };
      return tf.layers.depthwiseConv2d({ ...sizes, padding: 'same', useBias: bias });
    }
    case 'batchnorm':
      return tf.layers.batchNormalization({ momentum: 0.9 });
    case 'relu':
      return tf.layers.reLU();
    case 'relu6':
      return tf.layers.reLU({ maxValue: 6 });
    case 'maxpool':
      return tf.layers.maxPooling2d({ poolSize: 2 });
    case 'globalavgpool':
      return tf.layers.globalAveragePooling2d({});
    case 'flatten':
      return tf.layers.flatten();
    case 'dense':
      return tf.layers.dense({ units: layer.units });
    default:
      throw new Error(`The bench trains no "${layer.kind}".`);
  }
}
