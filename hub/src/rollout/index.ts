export { rolloutHandlers } from './handlers.ts';
export type { RolloutRules } from './plan.ts';
export { createRollouts, type RolloutOptions, type Rollouts } from './rollouts.ts';
