export {
  arrays,
  type DataOf,
  type DType,
  dtypes,
  elementCount,
  type Tensor,
  tensor,
} from './tensor.ts';
