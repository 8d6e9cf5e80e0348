import type { Device, HubStatus } from '@edgewise/protocol/http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Where the figures come from at each scrape. */
export interface MetricsSource {
  status(): Promise<HubStatus>;
  devices(): Promise<readonly Device[]>;
}

/** Figures for Prometheus in its text format; process and event-loop figures come with them. */
export function createMetrics(source: MetricsSource): () => Promise<Uint8Array> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `edgewise_${name}`, help, labelNames, registers: [registry] });
  const fleet = {
    devices: gauge('devices', 'Devices by state.', ['state']),
    windows: gauge('windows_total', 'Windows received.'),
    losses: gauge(
      'unexplained_losses',
      'Durable messages that are missing and that nobody accounts for.',
    ),
    alarms: gauge('open_alarms', 'Open drift alarms.'),
    rollouts: gauge('active_rollouts', 'Rollouts under way.'),
    runs: gauge('active_runs', 'Training runs under way.'),
    labels: gauge('labels_waiting', 'Samples that wait for a label.'),
  };
  const perDevice = {
    throughput: gauge(
      'device_throughput_per_second',
      'Inputs answered per second in the newest window.',
      ['device'],
    ),
    latency: gauge('device_latency_seconds', 'Latency of an answer in the newest window.', [
      'device',
      'quantile',
    ]),
    drift: gauge('device_drift_log_evidence', 'Natural logarithm of the drift evidence M.', [
      'device',
    ]),
    missing: gauge('device_missing_messages', 'Durable messages that never came.', ['device']),
  };

  return async () => {
    const [status, devices] = await Promise.all([source.status(), source.devices()]);
    fleet.devices.set({ state: 'total' }, status.devices.total);
    fleet.devices.set({ state: 'online' }, status.devices.online);
    fleet.devices.set({ state: 'converged' }, status.devices.converged);
    fleet.windows.set(status.windows);
    fleet.losses.set(status.unexplainedLosses);
    fleet.alarms.set(status.openAlarms);
    fleet.rollouts.set(status.activeRollouts);
    fleet.runs.set(status.activeRuns);
    fleet.labels.set(status.labelsWaiting);
    for (const metric of Object.values(perDevice)) metric.reset();
    for (const { id: device, throughputPerSecond, latencyUs, drift, loss } of devices) {
      if (throughputPerSecond !== null) perDevice.throughput.set({ device }, throughputPerSecond);
      if (latencyUs) {
        perDevice.latency.set({ device, quantile: '0.5' }, latencyUs.p50 / 1e6);
        perDevice.latency.set({ device, quantile: '0.95' }, latencyUs.p95 / 1e6);
        perDevice.latency.set({ device, quantile: '0.99' }, latencyUs.p99 / 1e6);
      }
      if (drift.logM !== undefined) perDevice.drift.set({ device }, drift.logM);
      perDevice.missing.set({ device }, loss.missing);
    }
    return new TextEncoder().encode(await registry.metrics());
  };
}
