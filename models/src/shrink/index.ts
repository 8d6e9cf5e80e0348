export { type AdaRoundOptions, adaRound, type RoundedLayer } from './ada-round/ada-round.ts';
export { fitWeightRanges } from './ada-round/fit-weight-ranges.ts';
export type { AdaRoundSettings } from './ada-round/settings.ts';
export type { AnswerError } from './answers.ts';
export { assertShrinkOptions } from './assert-shrink-options.ts';
export { type CalibrationOptions, calibrate } from './calibrate/calibrate.ts';
export { type CalibrationMethod, calibrationMethods } from './calibrate/methods.ts';
export type { Range, Ranges } from './calibrate/ranges.ts';
export type { Candidate } from './choose/candidates.ts';
export { type CorrectBiasOptions, correctBias } from './correct-bias/correct-bias.ts';
export { eliminateDead } from './eliminate-dead.ts';
export { type EqualizeOptions, equalize } from './equalize/equalize.ts';
export { fixSizes, type InputSizes } from './fix-sizes.ts';
export { foldBatchNorm } from './fold-batch-norm.ts';
export { freeze } from './freeze.ts';
export { type OpenBranch, openBranches } from './open-branches.ts';
export { prepare } from './prepare.ts';
export type { ClippedBias } from './quantize/clipped-biases.ts';
export type { Params, WeightBits } from './quantize/formulas.ts';
export type { QuantizeOptions } from './quantize/options.ts';
export { type QuantizeReport, quantize, weightParams } from './quantize/quantize.ts';
export { type IntegerLayer, integerLayersOf } from './saturation/integer-layers.ts';
export { type Fault, type FaultFinder, faultFinderOf } from './saturation/layer-faults.ts';
export { type SaturationTarget, saturationTargets } from './saturation/pairings.ts';
export {
  type SaturationOptions,
  type SaturationReport,
  saturationOf,
} from './saturation/saturation.ts';
export { type SingleLayer, singleLayerOf } from './saturation/single-layer.ts';
export type { LayerSaturation } from './saturation/tally.ts';
export type { Budget, ExclusionStep, MixedPrecision } from './sensitivity/budget.ts';
export type { LayerSensitivity } from './sensitivity/sensitivity.ts';
export { shrink } from './shrink.ts';
export type {
  How,
  ShrinkOptions,
  ShrinkProgress,
  ShrinkReport,
  Shrunk,
} from './shrink-options.ts';
export { tidy } from './tidy.ts';
export { toFloat32 } from './to-float32.ts';
export {
  shrinkWeightOnly,
  type WeightOnly,
  type WeightOnlyReport,
} from './weight-only/shrink-weight-only.ts';
export { weightOnly } from './weight-only/weight-only.ts';
