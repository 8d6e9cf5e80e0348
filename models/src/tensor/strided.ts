import { type DataOf, type DType, elementCount, type Tensor, tensor } from './tensor.ts';

/** Which elements of a tensor are taken, in row-major order of the result. */
export interface View {
  /** Sizes of the result. */
  readonly dims: readonly number[];
  /** Distance in the source between neighbours along each axis of the result; may be negative. */
  readonly strides: readonly number[];
  /** Where the first element stands in the source; default 0. */
  readonly start?: number;
}

/** A copy of the elements that a view shows. */
export function strided<D extends DType>(source: Tensor<D>, view: View): Tensor<D> {
  const { dims, strides, start = 0 } = view;
  const from = source.data as Float32Array;
  const data = new (from.constructor as Float32ArrayConstructor)(elementCount(dims));
  const at = dims.map(() => 0);
  let place = start;
  for (let to = 0; to < data.length; to++) {
    data[to] = from[place] as number;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = (at[axis] as number) + 1;
      place += strides[axis] as number;
      at[axis] = next;
      if (next < (dims[axis] as number)) break;
      place -= next * (strides[axis] as number);
      at[axis] = 0;
    }
  }
  return tensor(source.dtype, dims, data as unknown as DataOf[D]);
}

/** A tensor with its axes in another order: axis `i` of the result is axis `order[i]` of the source. */
export function permuted<D extends DType>(source: Tensor<D>, order: readonly number[]): Tensor<D> {
  const strides = rowStrides(source.dims);
  return strided(source, {
    dims: order.map((axis) => source.dims[axis] ?? 1),
    strides: order.map((axis) => strides[axis] ?? 0),
  });
}

/** Distance between neighbours along each axis, in row-major order. */
export function rowStrides(dims: readonly number[]): readonly number[] {
  return dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
}
