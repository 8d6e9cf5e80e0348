export { noNumber } from '../documents/no-number.ts';
export { Alarm, DriftFinding, type DriftPattern } from './alarms.ts';
export { type ClosestParity, closestOf, closestParity } from './closest-parity.ts';
export { Dataset, type DatasetPart, datasetParts, FieldSample, Snapshot } from './data.ts';
export {
  Device,
  DriftSummary,
  FeatureComparison,
  LatencyUs,
  Lineage,
  LineageLink,
  LossLedger,
  WindowSummary,
} from './devices.ts';
export { LiveEvent } from './events.ts';
export { Health, HubStatus, TokenInfo } from './hub.ts';
export {
  BaseModel,
  GateReport,
  Metric,
  ModelChange,
  ModelInfo,
  ModelPolicies,
  ModelVersion,
  type PipelineStep,
  pipelineSteps,
  Rollout,
  Run,
  Variant,
  type VariantScheme,
  variantSchemes,
} from './models.ts';
export { DeviceParity, ParityRow } from './parity.ts';
export { Problem, problemOf } from './problem.ts';
export { rankedTrials } from './ranked-trials.ts';
export { Reproduction } from './reproduction.ts';
export { type Route, type RouteAnswer, type RouteArgs, routeUrl } from './route.ts';
export { type RouteName, type Routes, routes } from './routes.ts';
export { allows, type Scope, ScopeSchema, scopes } from './scopes.ts';
export {
  mostSweepWorkers,
  mostTrials,
  Sweep,
  type SweepMethod,
  SweepParameter,
  SweepSpec,
  SweepTally,
  sweepMethods,
  Trial,
  TrialCurve,
  TrialResult,
} from './sweeps.ts';
