import type { Model } from '../onnx/graph.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { upgradeOpset } from '../onnx/upgrade/upgrade.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { fixDefaults } from './fix-defaults.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldBeta } from './fold-beta.ts';
import { tidy } from './tidy.ts';

/**
 * The float graph that is calibrated and quantized: the same outputs with fewer nodes, and weights
 * that are constants and no inputs. Scales per channel need operator set 13, so an older model is
 * upgraded. Throws as `upgradeOpset` does.
 */
export function prepare(model: Model): Model {
  const fixed = fixDefaults(model);
  const current = (fixed.opsets.get('') ?? 0) < 13 ? upgradeOpset(fixed) : fixed;
  return inferShapes(eliminateDead(foldBeta(foldBatchNorm(eliminateDead(tidy(current))))));
}
