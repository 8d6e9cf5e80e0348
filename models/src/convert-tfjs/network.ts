import type { Config } from './config.ts';

/** One layer of a file. */
export interface LayerSpec {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** What the layer is made of when it is a model itself. */
  readonly network: Network | undefined;
}

/** Names one tensor: the how-manieth output of the how-manieth call of a layer, both from 0. */
export interface TensorRef {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A layer and what it is called with; a shared layer is called more than once. */
export interface NetworkLayer {
  readonly spec: LayerSpec;
  /** The inputs of each call; an input layer has one call without inputs. */
  readonly calls: readonly (readonly TensorRef[])[];
}

/** A model as layers that call each other. */
export interface Network {
  readonly name: string;
  readonly layers: readonly NetworkLayer[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

/** How errors name a layer. */
export const describeLayer = (layer: {
  readonly name: string;
  readonly className: string;
}): string => `Layer ${layer.name} (${layer.className})`;
