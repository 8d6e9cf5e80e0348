import type { Model, ValueInfo } from '@edgewise/models/onnx';
import { freeze } from '@edgewise/models/shrink';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';

/** Inputs that are always the same, as `sr=16000` or `scale=0.5,2`, by name. */
export type FrozenInputs = ReadonlyMap<string, readonly number[]>;

/** Reads them from the command line. Throws `invalid-argument` for what is no name and numbers. */
export function frozenInputsOf(given: readonly string[] = []): FrozenInputs {
  return new Map(
    given.map((text) => {
      const [name = '', list = ''] = text.split('=');
      const numbers = list.split(',').map(Number);
      const isSound = name !== '' && list !== '' && numbers.every(Number.isFinite);
      if (isSound) return [name, numbers];
      throw misuse(`--freeze takes NAME=NUMBER or NAME=NUMBER,NUMBER, not "${text}".`);
    }),
  );
}

/**
 * The model with those of its inputs as constants; one that it does not have is passed over.
 * Throws `invalid-argument` for numbers that do not fit an input, by its name.
 */
export function freezeInputs(model: Model, frozen: FrozenInputs): Model {
  const inputs = model.graph.inputs.filter(({ name }) => frozen.has(name));
  if (inputs.length === 0) return model;
  const constants = inputs.map((input) => {
    return [input.name, constantFor(input, frozen.get(input.name) ?? [])] as const;
  });
  return freeze(model, Object.fromEntries(constants));
}

function constantFor({ name, dtype, dims = [] }: ValueInfo, numbers: readonly number[]): Tensor {
  const sizes = dims.map((size) => (typeof size === 'number' ? size : 1));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count !== numbers.length) {
    throw misuse(
      `"${name}" takes [${dims.join(', ')}], ${count} numbers; --freeze gives ${numbers.length}.`,
    );
  }
  switch (dtype) {
    case 'float32':
      return tensor(dtype, sizes, Float32Array.from(numbers));
    case 'int32':
      return tensor(dtype, sizes, Int32Array.from(numbers));
    case 'bool':
      return tensor(dtype, sizes, Uint8Array.from(numbers));
    case 'int64':
      return tensor(
        dtype,
        sizes,
        BigInt64Array.from(numbers, (value) => BigInt(Math.round(value))),
      );
    default:
      throw misuse(`"${name}" takes ${dtype}; float32, int32, int64 and bool can be frozen.`);
  }
}

const misuse = (reason: string): FleetError => new FleetError('invalid-argument', reason);
