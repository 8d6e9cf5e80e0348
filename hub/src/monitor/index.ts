export { createDeviceMonitor, type DeviceMonitor } from './device-monitor.ts';
export type { DriftFinding } from './finding.ts';
export type { MonitoredWindow } from './monitored-window.ts';
