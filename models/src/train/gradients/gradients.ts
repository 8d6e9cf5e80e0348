import { activationRules } from './activation.ts';
import { arithmeticRules } from './arithmetic.ts';
import { convRules } from './conv.ts';
import { dropoutRules } from './dropout.ts';
import { linearRules } from './linear.ts';
import { normalizeRules } from './normalize.ts';
import { poolRules } from './pool.ts';
import { reduceRules } from './reduce.ts';
import type { GradientRule } from './rule.ts';
import { shapeRules } from './shape.ts';

/** Every operator that can be trained, by its name in the standard domain. */
export const gradients: Readonly<Record<string, GradientRule>> = {
  ...convRules,
  ...linearRules,
  ...poolRules,
  ...normalizeRules,
  ...activationRules,
  ...arithmeticRules,
  ...reduceRules,
  ...shapeRules,
  ...dropoutRules,
};
