import { minutes } from '@edgewise/protocol';
import type { ModelPolicies } from '@edgewise/protocol/http';

/** Policies that are safe without anybody having chosen them: nothing rolls out by itself, nothing is published. */
export const defaultPolicies: ModelPolicies = {
  falseAlarmsPerDeviceYear: 0.1,
  labelBudget: 1000,
  autoRetrain: false,
  toleratedLoss: 0.02,
  windowSamples: 200,
  windowMinSpanMs: 10_000,
  windowMaxSpanMs: minutes(10),
  predictions: 'off',
  buildFor: [],
};
