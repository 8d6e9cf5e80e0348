export { createSqliteTelemetry } from './adapters/sqlite-telemetry.ts';
export {
  createTelemetry,
  type RunningTelemetry,
  type TelemetryOptions,
} from './create-telemetry.ts';
export { latencyOf } from './latency.ts';
export type { StoredEvent, StoredWindow, Telemetry } from './telemetry.ts';
export type { TelemetryStore } from './telemetry-store.ts';
