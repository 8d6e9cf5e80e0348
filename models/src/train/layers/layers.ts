import type { Static } from 'typebox';
import { hardswish, leakyrelu, relu, relu6, tanh } from './activations.ts';
import { conv, conv1d, depthwise, separable } from './convolutions.ts';
import { dense, flatten } from './dense.ts';
import type { LayerKind } from './layer.ts';
import { avgpool, globalavgpool, globalmaxpool, maxpool } from './pools.ts';
import { gru, lstm } from './recurrent.ts';
import { batchnorm, dropout } from './regularisers.ts';
import { residualOf } from './residual.ts';

/** Layers that stand alone or within a block. */
const plain = {
  conv,
  conv1d,
  depthwise,
  separable,
  dense,
  gru,
  lstm,
  relu,
  relu6,
  hardswish,
  leakyrelu,
  tanh,
  maxpool,
  avgpool,
  globalavgpool,
  globalmaxpool,
  batchnorm,
  flatten,
  dropout,
} as const;

/** Every kind of layer that a recipe may use, by name. */
export const layers = { ...plain, residual: residualOf(plain) } as const;

export type LayerName = keyof typeof layers;

/** A layer as it stands in a recipe. */
export type PlainLayer = {
  [K in keyof typeof plain]: Static<(typeof plain)[K]['schema']>;
}[keyof typeof plain];
export type Layer = PlainLayer | { kind: 'residual'; layers: PlainLayer[] };

/** The kind of a layer. */
export function kindOf(layer: Layer): LayerKind {
  return layers[layer.kind] as unknown as LayerKind;
}
