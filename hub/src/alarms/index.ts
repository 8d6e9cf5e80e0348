export { type AlarmOptions, type Alarms, createAlarms } from './alarms.ts';
export type { DriftView } from './drift-view.ts';
export { alarmHandlers } from './handlers.ts';
export type { RenewalRules } from './plan.ts';
