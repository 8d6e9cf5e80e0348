export { type ActivationSpread, activationSpreads } from './activation-spreads.ts';
export {
  type ClassComparison,
  type CompareOptions,
  type Comparison,
  compareModels,
  type LatencyComparison,
  type OutputComparison,
} from './compare.ts';
export type { GridLoss } from './grid-loss.ts';
export {
  type InnerNodes,
  type InspectedLayer,
  type InspectedValue,
  type Inspection,
  inspectModel,
} from './inspect.ts';
export { type LayerError, layerErrors } from './layer-errors.ts';
export { macsOf } from './macs.ts';
export { type PeakMemory, peakActivationMemory } from './memory.ts';
