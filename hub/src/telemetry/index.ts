export { createSqliteRetention } from './adapters/sqlite-retention.ts';
export { createSqliteTelemetryRecords } from './adapters/sqlite-telemetry-records.ts';
export {
  createTelemetry,
  type RunningTelemetry,
  type TelemetryOptions,
} from './create-telemetry.ts';
export type { TelemetryRecords } from './records.ts';
export { startRetention } from './retention.ts';
export type { StoredEvent, StoredWindow, Telemetry } from './telemetry.ts';
