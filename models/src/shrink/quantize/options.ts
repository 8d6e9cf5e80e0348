import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import type { WeightBits } from './formulas.ts';
import type { GridOptions } from './tensors.ts';

/** What suits the processor that will run the int8 file. */
export interface QuantizeOptions {
  /** Type of activations. `u8` is the fast one on x64, `s8` on ARM. */
  readonly activations: 'u8' | 's8';
  /** Type of weights, `s8` by default; `u8` goes with `u8` activations only. */
  readonly weights?: 's8' | 'u8';
  /** One scale per output channel; indispensable for depthwise convolutions. */
  readonly perChannel: boolean;
  /** Seven-bit weights, for x64 without VNNI. */
  readonly reduceRange: boolean;
  /** Zero in the middle of every activation; Relu and Clip then stay. `false` by default. */
  readonly symmetricActivations?: boolean;
  /** The operator set whose rules count (MaxPool has one from 12 on); default that of the model. */
  readonly ruleOpset?: number;
  /** Names of nodes that stay in float; a node without one goes by its first output. */
  readonly exclude?: ReadonlySet<string>;
  /**
   * Bits of a weight, 8 by default. With fewer, weights are int8 in the file all the same, between
   * -(2^(bits-1)-1) and 2^(bits-1)-1, and `reduceRange` means activation constants only. The gains of
   * normalisations, one number per channel, keep 8 bits.
   */
  readonly weightBits?: WeightBits;
  /** Weights that were rounded by someone else, on the scales of `weightParams`, by constant. */
  readonly integers?: ReadonlyMap<string, Int8Array>;
  /**
   * The greatest magnitude of each channel (or of the whole weight), by constant, in place of the
   * one found; what is beyond is clipped.
   */
  readonly weightRanges?: ReadonlyMap<string, readonly number[]>;
}

/**
 * The options with all defaults. Throws `FleetError` `invalid-argument` where they contradict each
 * other or name constants that the model has not.
 */
export function gridOptionsOf(model: Model, options: QuantizeOptions): GridOptions {
  const { activations, weights = 's8', weightBits = 8 } = options;
  if (activations === 's8' && weights === 'u8') {
    throw refused('Weights of type u8 need activations of type u8.');
  }
  if (weights === 'u8' && (weightBits !== 8 || options.integers !== undefined)) {
    throw refused('Weights of fewer than 8 bits or rounded beforehand need the type s8.');
  }
  const given = [...(options.integers?.keys() ?? []), ...(options.weightRanges?.keys() ?? [])];
  const missing = given.find((name) => model.graph.initializers.get(name)?.dtype !== 'float32');
  if (missing !== undefined) throw refused(`The model has no float32 constant ${missing}.`);
  return {
    activations: activations === 'u8' ? 'uint8' : 'int8',
    weights: weights === 'u8' ? 'uint8' : 'int8',
    symmetricActivations: options.symmetricActivations ?? false,
    reduceRange: options.reduceRange,
    weightBits,
    weightRanges: options.weightRanges ?? new Map(),
    integers: options.integers ?? new Map(),
  };
}

function refused(message: string): FleetError {
  return new FleetError('invalid-argument', message);
}
