/** What is remembered of a device that is watched, and what a window does to it. Pure. */
import type { PackedWindow } from '@edgewise/protocol';
import type { DriftSummary } from '@edgewise/protocol/http';
import type { DeviceMonitorState, FeatureStatus } from '../monitor/device-monitor.ts';
import type { Finding } from '../monitor/finding.ts';
import { isAfter } from '../monitor/monitored-window.ts';
import type { BundleMonitor } from './bundle-monitors.ts';

/** State of one device; plain data that survives JSON. */
export interface WatchedDevice {
  readonly device: string;
  readonly model: string;
  readonly version: number;
  readonly reference: string;
  readonly bins: string;
  readonly state: DeviceMonitorState;
  /** Epoch, sequence and start of the last windows, so that a change can be dated. */
  readonly starts: readonly (readonly [epoch: number, sequence: number, startMs: number])[];
}

/** A window's effect. */
export interface WatchStep {
  readonly watched: WatchedDevice;
  readonly findings: readonly Finding[];
  /** Whether the window was tested; late and unreadable ones are not. */
  readonly isTested: boolean;
}

/** Windows whose start is remembered. */
const rememberedStarts = 400;
/** Windows that a baseline needs. */
const baselineNeeded = 100;

/** Follows one window. A window of another bundle begins anew: a new model, a new baseline. */
export function watchWindow(
  before: WatchedDevice | undefined,
  window: PackedWindow,
  { device, bundle }: { readonly device: string; readonly bundle: BundleMonitor },
): WatchStep | undefined {
  const last = before?.state.last ?? null;
  if (last !== null && !isAfter(window, last)) return undefined;
  const isSame = before?.reference === window.reference && before.bins === window.bins;
  const from = isSame ? before.state : bundle.monitor.createState();
  const { state, findings, outcome } = bundle.monitor.observe(from, window);
  const start = [window.epoch, window.sequence, window.startMs] as const;
  const starts = [...((isSame && before.starts) || []), start].slice(-rememberedStarts);
  const { model, version } = bundle;
  const { reference, bins } = window;
  return {
    watched: { device, model, version, reference, bins, state, starts },
    findings,
    isTested: outcome === 'tested',
  };
}

/**
 * Where a device stands in one line. It counts as watched as soon as half of its features have
 * their own baseline: one that never settles must not hide the others.
 */
export function summarize(
  watched: Pick<WatchedDevice, 'state'>,
  monitor: BundleMonitor['monitor'],
): DriftSummary {
  const features = monitor.status(watched.state);
  const top = features.reduce<FeatureStatus | undefined>(
    (best, next) => (best === undefined || next.logM > best.logM ? next : best),
    undefined,
  );
  if (top === undefined) return { state: 'none' };
  const learning = features.filter(({ phase }) => phase === 'learning');
  const baseline = Math.min(...features.map(({ baselineWindows }) => baselineWindows));
  const alarmed = features.filter(({ isAlarmed }) => isAlarmed);
  const shown = alarmed.reduce(
    (best, next) => (next.logM > best.logM ? next : best),
    alarmed[0] ?? top,
  );
  const state = learning.length * 2 > features.length ? 'learning' : 'watching';
  return {
    state: alarmed.length > 0 ? 'alarm' : state,
    ...(Number.isFinite(shown.logM) && { logM: shown.logM }),
    logThreshold: shown.logThreshold,
    feature: shown.name,
    baselineWindows: baseline,
    baselineNeeded,
  };
}

/** When a window began; the oldest that is remembered where it was longer ago. */
export function startOf(
  watched: WatchedDevice,
  at: { readonly epoch: number; readonly sequence: number },
): number {
  const found = watched.starts.find(
    ([epoch, sequence]) => epoch === at.epoch && sequence >= at.sequence,
  );
  return (found ?? watched.starts[0])?.[2] ?? 0;
}
