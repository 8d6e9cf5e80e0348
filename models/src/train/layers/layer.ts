import type { Static, TSchema } from 'typebox';
import type { GraphBuilder } from '../../onnx/builder.ts';

/** One kind of layer: what a recipe may say about it, what it makes of sizes, which nodes it is. */
export interface LayerKind<S extends TSchema = TSchema> {
  readonly schema: S;
  /** Sizes of one sample after the layer, or why the layer cannot follow. */
  resize(layer: Static<S>, dims: readonly number[]): readonly number[] | Misfit;
  /** Tensors that the layer owns; none by default. */
  parameters?(layer: Static<S>, dims: readonly number[]): readonly Parameter[];
  /** Writes the nodes; must produce `call.output`. */
  write(layer: Static<S>, call: LayerCall): void;
  /** Whether the layer exists only while training. */
  readonly onlyInTraining?: boolean;
}

/** Why a layer cannot follow the layers before it. */
export interface Misfit {
  readonly misfit: string;
}

/** A tensor that belongs to a layer. */
export interface Parameter {
  /** Name within the layer: `weight`, `bias` ... */
  readonly name: string;
  readonly dims: readonly number[];
  /**
   * Start values: uniform with variance 2 / `fanIn` (He et al. 2015), a constant, or one constant for
   * each of several blocks of equal size.
   */
  readonly start:
    | { readonly fanIn: number }
    | { readonly fill: number }
    | { readonly blocks: readonly number[] };
  /** `trained` by the gradient, or a running `statistic` that the forward pass moves. */
  readonly role: 'trained' | 'statistic';
}

/** Where a layer writes itself. */
export interface LayerCall {
  readonly graph: GraphBuilder;
  readonly mode: 'training' | 'inference';
  /** Name of the layer's input value. */
  readonly input: string;
  /** Sizes of one sample of that input. */
  readonly dims: readonly number[];
  /** Name that the layer's output must get. */
  readonly output: string;
  /** Full name of a parameter of this layer. */
  parameter(name: string): string;
}

/** The value that a running statistic becomes in a training graph. */
export const nextOf = (parameter: string): string => `${parameter}_next`;

/** Checks that sizes are those of an image `[channels, height, width]`. */
export function needsImage(dims: readonly number[]): Misfit | undefined {
  if (dims.length === 3) return undefined;
  return {
    misfit: `it needs [channels, height, width], but the layers before it give [${dims.join(', ')}]`,
  };
}

/** Checks that sizes are those of a series `[channels, steps]`. */
export function needsSeries(dims: readonly number[]): Misfit | undefined {
  if (dims.length === 2) return undefined;
  return {
    misfit: `it needs a series [channels, steps], but the layers before it give [${dims.join(', ')}]`,
  };
}

/** Ties a kind's functions to the type of its schema. */
export function layerKind<S extends TSchema>(kind: LayerKind<S>): LayerKind<S> {
  return kind;
}
