import type { Static } from 'typebox';
import { relu, relu6 } from './activations.ts';
import { conv, depthwise } from './convolutions.ts';
import { dense, flatten } from './dense.ts';
import type { LayerKind } from './layer.ts';
import { avgpool, globalavgpool, maxpool } from './pools.ts';
import { batchnorm, dropout } from './regularisers.ts';

/** Every kind of layer that a recipe may use, by name. */
export const layers = {
  conv,
  depthwise,
  dense,
  relu,
  relu6,
  maxpool,
  avgpool,
  globalavgpool,
  batchnorm,
  flatten,
  dropout,
} as const;

export type LayerName = keyof typeof layers;

/** A layer as it stands in a recipe. */
export type Layer = { [K in LayerName]: Static<(typeof layers)[K]['schema']> }[LayerName];

/** The kind of a layer. */
export function kindOf(layer: Layer): LayerKind {
  return layers[layer.kind] as unknown as LayerKind;
}
