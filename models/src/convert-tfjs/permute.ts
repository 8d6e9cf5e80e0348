import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';

/** A constant with its axes in another order: axis `i` of the result is axis `order[i]` of the source. */
export function permuted(source: Tensor<'float32'>, order: readonly number[]): Tensor<'float32'> {
  const dims = order.map((axis) => source.dims[axis] ?? 1);
  const strides = order.map((axis) => elementCount(source.dims.slice(axis + 1)));
  const data = new Float32Array(source.data.length);
  const at = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = source.data[from] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const place = (at[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      at[axis] = place;
      if (place < (dims[axis] ?? 1)) break;
      from -= place * (strides[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return tensor('float32', dims, data);
}
