import { FleetError } from '@edgewise/protocol';
import { completeSettings } from './ada-round/settings.ts';
import { assertRule } from './calibrate/methods.ts';
import { assertBudget } from './sensitivity/budget.ts';
import type { ShrinkOptions } from './shrink-options.ts';

/**
 * Throws `invalid-argument` for options of `shrink` that are impossible or contradict each other; nothing
 * has to be read or run for that.
 */
export function assertShrinkOptions(options: Omit<ShrinkOptions, 'calibration' | 'runtime'>): void {
  const { percentile, likeOnnxruntime, adaRound: learns, weights, budget } = options;
  assertRule({ method: 'percentile', ...(percentile !== undefined && { percentile }) });
  if (likeOnnxruntime === true) assertOfTheTool(options);
  if (learns && weights === 'u8') {
    throw new FleetError('invalid-argument', 'Rounding is learned for weights of type s8 only.');
  }
  if (typeof learns === 'object') completeSettings(learns);
  if (budget !== undefined) assertBudget(budget);
}

/** Refuses what onnxruntime's `quantize_static` cannot do. */
function assertOfTheTool(options: Omit<ShrinkOptions, 'calibration' | 'runtime'>): void {
  const { method, adaRound: learns, weightBits = 8 } = options;
  const lacking = [
    method === 'auto' && 'does not choose its method',
    method === 'mse' && 'has no calibration "mse"',
    learns && 'learns no rounding',
    weightBits < 8 && `has no weights of ${weightBits} bits in whole bytes`,
  ].find(Boolean);
  if (lacking) throw new FleetError('invalid-argument', `The Python tool ${lacking}.`);
}
