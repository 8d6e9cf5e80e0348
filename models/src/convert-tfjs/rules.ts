import { activationRules } from './layers/activations.ts';
import { convolutionRules } from './layers/convolutions.ts';
import { denseRules } from './layers/dense.ts';
import { mergeRules } from './layers/merges.ts';
import { normalizationRules } from './layers/normalizations.ts';
import { poolRules } from './layers/pools.ts';
import { recurrentRules } from './layers/recurrent.ts';
import { shapeRules } from './layers/shapes.ts';
import { wrapperRules } from './layers/wrappers.ts';
import type { Rule } from './site.ts';

/** Every layer class that can be converted; a new one is one entry in one of these tables. */
export const rules: Readonly<Record<string, Rule>> = {
  ...denseRules,
  ...convolutionRules,
  ...poolRules,
  ...normalizationRules,
  ...activationRules,
  ...shapeRules,
  ...mergeRules,
  ...recurrentRules,
  ...wrapperRules,
};
