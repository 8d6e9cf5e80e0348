export { type AlarmBudget, alarmThreshold } from './alarm-budget.ts';
export {
  createDeviceMonitor,
  type DeviceMonitor,
  type DeviceMonitorConfig,
  type DeviceMonitorState,
  type FeatureStatus,
  type Observation,
  predictionFeature,
} from './device-monitor.ts';
export type { EffectSize, EffectSizes } from './effect-size.ts';
export type { DriftFinding, Finding, ValidationFinding } from './finding.ts';
export {
  type AlarmedFeature,
  type DeviceFinding,
  type FleetAlarm,
  type Joined,
  type JoinOptions,
  joinFinding,
} from './fleet.ts';
export {
  isAfter,
  type MonitoredFeature,
  type MonitoredWindow,
  type WindowPosition,
} from './monitored-window.ts';
export type { DriftDirection, DriftPattern } from './pattern.ts';
export {
  type Decomposition,
  type DeviceShift,
  decomposeShifts,
  populationFeatures,
} from './population.ts';
export { type WatchOptions, watchProfile } from './watch-profile.ts';
