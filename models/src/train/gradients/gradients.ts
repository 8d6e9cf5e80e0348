import { activationRules } from './activation.ts';
import { arithmeticRules } from './arithmetic.ts';
import { convRules } from './conv.ts';
import { convTransposeRules } from './conv-transpose.ts';
import { curveRules } from './curves.ts';
import { dropoutRules } from './dropout.ts';
import { extremeRules } from './extremes.ts';
import { gatherRules } from './gather.ts';
import { layerNormRules } from './layer-norm.ts';
import { linearRules } from './linear.ts';
import { normalizeRules } from './normalize.ts';
import { poolRules } from './pool.ts';
import { quantizeRules } from './quantize.ts';
import { reduceRules } from './reduce.ts';
import type { GradientRule } from './rule.ts';
import { shapeRules } from './shape.ts';

/** Every operator that can be trained, by its name in the standard domain. */
export const gradients: Readonly<Record<string, GradientRule>> = {
  ...convRules,
  ...convTransposeRules,
  ...linearRules,
  ...poolRules,
  ...normalizeRules,
  ...layerNormRules,
  ...activationRules,
  ...curveRules,
  ...arithmeticRules,
  ...reduceRules,
  ...extremeRules,
  ...shapeRules,
  ...gatherRules,
  ...dropoutRules,
  ...quantizeRules,
};
