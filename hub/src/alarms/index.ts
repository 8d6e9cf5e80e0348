export { type AlarmOptions, type Alarms, createAlarms } from './alarms.ts';
export { alarmHandlers } from './handlers.ts';
export type { RenewalRules } from './plan.ts';
