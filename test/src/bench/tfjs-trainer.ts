import { createRandom } from '@edgewise/models/random';
import * as tf from '@tensorflow/tfjs';

/** Images per second of tfjs in plain JavaScript, training the digits network with Adam. */
export async function trainWithTfjs(batchSize: number, seed: number): Promise<number> {
  await tf.setBackend('cpu');
  const variables = digitsVariables(seed);
  const adam = tf.train.adam(0.002);
  const step = (size: number) => {
    const startedMs = performance.now();
    adam.minimize(() => lossOf(variables, size, seed), false, Object.values(variables));
    return performance.now() - startedMs;
  };
  // A small step first, so that compilation is not what is measured.
  step(4);
  return (1000 * batchSize) / step(batchSize);
}

type Variables = Readonly<
  Record<
    'conv1' | 'bias1' | 'conv2' | 'bias2' | 'dense1' | 'bias3' | 'dense2' | 'bias4',
    tf.Variable
  >
>;

function digitsVariables(seed: number): Variables {
  const weights = (...dims: number[]) =>
    tf.variable(tf.randomNormal(dims, 0, 0.1, 'float32', seed));
  const biases = (count: number) => tf.variable(tf.zeros([count]));
  return {
    conv1: weights(3, 3, 1, 16),
    bias1: biases(16),
    conv2: weights(3, 3, 16, 32),
    bias2: biases(32),
    dense1: weights(7 * 7 * 32, 64),
    bias3: biases(64),
    dense2: weights(64, 10),
    bias4: biases(10),
  };
}

function lossOf(variables: Variables, size: number, seed: number): tf.Scalar {
  const { conv1, bias1, conv2, bias2, dense1, bias3, dense2, bias4 } = variables;
  const noise = createRandom(seed, 2);
  const images = tf.randomUniform<tf.Rank.R4>([size, 28, 28, 1], 0, 1, 'float32', seed);
  const labels = Int32Array.from({ length: size }, () => 10 * noise.next());
  const first = tf.maxPool(convolved(images, conv1, bias1), 2, 2, 'valid');
  const second = tf.maxPool(convolved(first, conv2, bias2), 2, 2, 'valid');
  const flat = second.reshape([size, -1]) as tf.Tensor2D;
  const hidden = tf.relu(flat.matMul(dense1).add(bias3));
  const logits = hidden.matMul(dense2).add(bias4);
  const truth = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  return tf.losses.softmaxCrossEntropy(truth, logits) as tf.Scalar;
}

function convolved(input: tf.Tensor4D, kernel: tf.Variable, bias: tf.Variable): tf.Tensor4D {
  return tf.relu(tf.conv2d(input, kernel as tf.Tensor4D, 1, 'same').add(bias)) as tf.Tensor4D;
}
