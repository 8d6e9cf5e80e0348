import { decodeNpz, encodeNpz } from '@edgewise/models/data';
import { type DType, elementCount, type Tensor, tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';

/** Inputs with their class numbers. */
export interface Samples {
  /** `[count, ...]`, uint8 or float32. */
  readonly inputs: Tensor;
  readonly labels: Int32Array;
}

/** Reads an .npz with arrays x and y. Throws `invalid-argument` and says what is wrong where. */
export function decodeSamples(bytes: Uint8Array): Samples {
  const arrays = decodeNpz(bytes);
  const x = arrays.get('x');
  const y = arrays.get('y');
  if (x === undefined || y === undefined) {
    const found = [...arrays.keys()].join(', ');
    throw misuse(
      `The .npz holds ${found === '' ? 'no arrays' : found}; it needs x (inputs) and y (class numbers).`,
    );
  }
  if (x.dims.length < 2) throw misuse('x needs a first axis of samples and at least one more.');
  if (y.dims.length !== 1 || y.dims[0] !== x.dims[0]) {
    throw misuse(`x holds ${x.dims[0]} samples, so y must be a list of ${x.dims[0]} numbers.`);
  }
  return { inputs: asInputs(x), labels: asLabels(y) };
}

/** Writes samples as an .npz with arrays x and y. */
export function encodeSamples({ inputs, labels }: Samples): Uint8Array {
  return encodeNpz(
    new Map<string, Tensor>([
      ['x', inputs],
      ['y', tensor('int32', [labels.length], labels)],
    ]),
  );
}

/** Joins samples of the same shape and type; a single part is given back as it is. */
export function joinSamples(
  parts: readonly Samples[],
  like: { readonly dims: readonly number[]; readonly dtype: DType },
): Samples {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const size = elementCount(like.dims);
  const count = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const data =
    like.dtype === 'uint8' ? new Uint8Array(count * size) : new Float32Array(count * size);
  const labels = new Int32Array(count);
  let at = 0;
  for (const part of parts) {
    data.set(part.inputs.data as Uint8Array, at * size);
    labels.set(part.labels, at);
    at += part.labels.length;
  }
  return { inputs: { dtype: like.dtype, dims: [count, ...like.dims], data } as Tensor, labels };
}

/** The samples at these places, in this order. */
export function selectSamples({ inputs, labels }: Samples, places: ArrayLike<number>): Samples {
  const dims = inputs.dims.slice(1);
  const size = elementCount(dims);
  const source = inputs.data as Uint8Array;
  const count = places.length;
  const data =
    inputs.dtype === 'uint8' ? new Uint8Array(count * size) : new Float32Array(count * size);
  const chosen = new Int32Array(count);
  for (let to = 0; to < count; to++) {
    const from = places[to] ?? 0;
    data.set(source.subarray(from * size, (from + 1) * size), to * size);
    chosen[to] = labels[from] ?? 0;
  }
  return {
    inputs: { dtype: inputs.dtype, dims: [count, ...dims], data } as Tensor,
    labels: chosen,
  };
}

function asInputs(x: Tensor): Tensor {
  if (x.dtype === 'uint8' || x.dtype === 'float32') return x;
  if (x.dtype === 'int64' || x.dtype === 'uint64') {
    throw misuse(`x holds ${x.dtype}; convert it to uint8 or float32.`);
  }
  return tensor('float32', x.dims, Float32Array.from(x.data as ArrayLike<number>));
}

function asLabels(y: Tensor): Int32Array {
  const labels = Int32Array.from(y.data as ArrayLike<number | bigint>, Number);
  for (let at = 0; at < labels.length; at++) {
    const value = Number(y.data[at]);
    if (!Number.isInteger(value) || value < 0) {
      throw misuse(`y[${at}] is ${value}; labels are class numbers 0, 1, 2 ...`);
    }
  }
  return labels;
}

function misuse(reason: string): FleetError {
  return new FleetError('invalid-argument', reason);
}
