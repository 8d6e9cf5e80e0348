import { type Tensor, tensor } from '@edgewise/models/tensor';
import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from './load-tfjs.ts';
import type { TfjsVariable } from './network.ts';

/** A tensor of tfjs as ONNX holds it, copied. */
export function toOnnx(tf: Tfjs, { variable, toOnnx: order }: TfjsVariable): Tensor<'float32'> {
  const turned = tf.tidy(() => variable.transpose([...order]));
  const data = Float32Array.from(turned.dataSync());
  turned.dispose();
  return tensor('float32', turned.shape, data);
}

/** The other way round. */
export function fromOnnx(tf: Tfjs, value: Tensor, order: readonly number[]): tfjs.Tensor {
  const back = order.map((_, axis) => order.indexOf(axis));
  return tf.tidy(() => tf.tensor(value.data as Float32Array, [...value.dims]).transpose(back));
}
