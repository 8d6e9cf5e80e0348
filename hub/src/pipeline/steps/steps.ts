import type { PipelineStep } from '@edgewise/protocol/http';
import type { StepResults } from '../step-results.ts';
import type { StepWork } from './context.ts';
import { evaluateModel } from './evaluate.ts';
import { evaluateInt8 } from './evaluate-int8.ts';
import { judge } from './gate.ts';
import { packVariants } from './package.ts';
import { prepare } from './prepare.ts';
import { profileVariants } from './profile.ts';
import { shrinkModel } from './shrink.ts';
import { trainModel } from './train.ts';

/** The work of every step. */
export const steps: { readonly [S in PipelineStep]: StepWork<StepResults[S]> } = {
  prepare,
  train: trainModel,
  evaluate: evaluateModel,
  shrink: shrinkModel,
  'evaluate-int8': evaluateInt8,
  profile: profileVariants,
  package: packVariants,
  gate: judge,
};
