import { FleetError } from '@edgewise/protocol';
import { floatOfHalf } from '../onnx/float-bits.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { isRecord } from './config.ts';

/** One weight as a manifest lists it. */
export interface WeightEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** How the file stores it: its own type, or quantized with x = stored * scale + min. */
  readonly stored: 'float32' | 'int32' | 'bool' | 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
  /** Optimizer state is stored beside the weights and skipped. */
  readonly isOptimizer: boolean;
}

/** What a manifest lists: the files in the order of their bytes, and the weights within. */
export interface WeightManifest {
  readonly paths: readonly string[];
  readonly entries: readonly WeightEntry[];
}

const bytesPerElement = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/** Reads `weightsManifest` of a `model.json`. Throws `malformed` naming the weight. */
export function readManifest(groups: unknown): WeightManifest {
  if (!Array.isArray(groups) || !groups.every(isRecord)) {
    const reason = 'The model has no weightsManifest: it is a topology without weights.';
    throw new FleetError('malformed', reason);
  }
  const list = (group: Readonly<Record<string, unknown>>, key: string): readonly unknown[] => {
    const found = group[key];
    if (!Array.isArray(found))
      throw new FleetError('malformed', `The weightsManifest lacks "${key}".`);
    return found;
  };
  return {
    paths: groups.flatMap((group) => list(group, 'paths').map(String)),
    entries: groups.flatMap((group) => list(group, 'weights').map(readEntry)),
  };
}

function readEntry(item: unknown): WeightEntry {
  const fields = isRecord(item) ? item : {};
  const { name, shape, dtype, quantization, group } = fields;
  const wrong = (why: string): FleetError =>
    new FleetError('malformed', `The weight ${JSON.stringify(name) ?? '?'} ${why}.`);
  if (typeof name !== 'string') throw wrong('has no name');
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw wrong('has no shape');
  }
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw wrong(`is of type ${JSON.stringify(dtype)}; known are float32, int32 and bool`);
  }
  const dims = shape as number[];
  const base = { name, dims, dtype, isOptimizer: group === 'optimizer' } as const;
  if (!isRecord(quantization)) return { ...base, stored: dtype, scale: 1, min: 0 };
  const { dtype: stored, scale = 1, min = 0 } = quantization;
  if (stored !== 'uint8' && stored !== 'uint16' && stored !== 'float16') {
    throw wrong(`is quantized as ${JSON.stringify(stored)}; known are uint8, uint16 and float16`);
  }
  if (typeof scale !== 'number' || typeof min !== 'number') throw wrong('lacks its scale and min');
  return { ...base, stored, scale, min };
}

/**
 * Decodes all weights of the joined files, optimizer state left out. Throws `malformed` when the
 * bytes are fewer or more than the manifest says.
 */
export function readWeights(
  { entries }: WeightManifest,
  bytes: Uint8Array,
): ReadonlyMap<string, Tensor> {
  const needed = entries.reduce((total, entry) => total + sizeOf(entry), 0);
  if (needed !== bytes.length) {
    throw new FleetError(
      'malformed',
      `The weightsManifest lists ${needed} bytes of weights, but the files hold ${bytes.length}.`,
    );
  }
  const weights = new Map<string, Tensor>();
  let offset = 0;
  for (const entry of entries) {
    const part = bytes.slice(offset, offset + sizeOf(entry));
    offset += part.length;
    if (!entry.isOptimizer) weights.set(entry.name, decode(entry, part.buffer));
  }
  return weights;
}

const sizeOf = ({ dims, stored }: WeightEntry): number =>
  elementCount(dims) * bytesPerElement[stored];

function decode(entry: WeightEntry, buffer: ArrayBuffer): Tensor {
  const { dtype, dims } = entry;
  if (dtype === 'bool') return tensor('bool', dims, new Uint8Array(buffer));
  if (entry.stored === 'int32') return tensor('int32', dims, new Int32Array(buffer));
  const numbers = numbersOf(entry, buffer);
  if (dtype === 'float32') return tensor('float32', dims, numbers);
  return tensor(
    'int32',
    dims,
    Int32Array.from(numbers, (value) => Math.round(value)),
  );
}

function numbersOf({ stored, scale, min }: WeightEntry, buffer: ArrayBuffer): Float32Array {
  switch (stored) {
    case 'uint8':
      return Float32Array.from(new Uint8Array(buffer), (value) => value * scale + min);
    case 'uint16':
      return Float32Array.from(new Uint16Array(buffer), (value) => value * scale + min);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), floatOfHalf);
    default:
      return new Float32Array(buffer);
  }
}
