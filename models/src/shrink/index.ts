export { type CalibrationOptions, calibrateMinMax } from './calibrate/min-max.ts';
export type { Range, Ranges } from './calibrate/ranges.ts';
export { eliminateDead } from './eliminate-dead.ts';
export { foldBatchNorm } from './fold-batch-norm.ts';
export { freeze } from './freeze.ts';
export { type QuantizeOptions, type QuantizeReport, quantize } from './quantize/quantize.ts';
export { prepare, type ShrinkOptions, type ShrinkReport, type Shrunk, shrink } from './shrink.ts';
export { tidy } from './tidy.ts';
