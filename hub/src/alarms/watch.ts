/**
 * Follows all devices, each in the order of its windows. States are written in groups: after a
 * crash the windows since the last write are tested again, and a finding that is raised twice is
 * the same finding. A finding is written down before the state that raised it.
 */
import { FleetError } from '@edgewise/protocol';
import type { DriftSummary } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { DriftView } from '../fleet/drift-view.ts';
import type { Finding } from '../monitor/finding.ts';
import type { StoredWindow, Telemetry } from '../telemetry/telemetry.ts';
import type { AlarmRecords, WindowVerdict } from './alarm-records.ts';
import type { BundleMonitors } from './bundle-monitors.ts';
import { summarize, type WatchedDevice, watchWindow } from './watched-device.ts';

/** Findings of one window. */
export interface RaisedFindings {
  readonly watched: WatchedDevice;
  readonly findings: readonly Finding[];
}

/** Drift monitoring of the whole fleet. */
export interface Watch extends DriftView, AsyncDisposable {
  /** Sees windows that came while the hub was down. */
  follow(device: string): void;
  /** What is remembered of a device; resolves when all windows so far were tested. */
  watched(device: string): Promise<WatchedDevice | undefined>;
  /** Forgets the baseline: what a device shows from now on is its normal. */
  relearn(device: string): Promise<void>;
}

interface Lane {
  last: Promise<void>;
  watched: WatchedDevice | undefined;
  summary: DriftSummary;
  isDirty: boolean;
}

/** What the watch reads, keeps and tells. */
export interface WatchOptions {
  readonly records: AlarmRecords;
  readonly telemetry: Telemetry;
  readonly bundles: BundleMonitors;
  readonly clock: Clock;
  readonly onFindings: (raised: RaisedFindings) => Promise<void>;
  readonly onError: (thrown: unknown) => void;
}

const flushEveryMs = 500;
const catchUpWindows = 500;
/** Verdicts that are kept in memory. */
const recentVerdicts = 5000;

/** Starts to follow what telemetry stores. */
export function createWatch(options: WatchOptions): Watch {
  const { records, telemetry, bundles, clock } = options;
  const lanes = new Map<string, Lane>();
  const verdicts = new Map<string, DriftSummary>();
  const stop = new AbortController();
  let unwritten: WindowVerdict[] = [];
  let flushing: Promise<void> = Promise.resolve();

  function enqueue(lane: Lane, work: () => Promise<void>): Promise<void> {
    lane.last = lane.last.then(work).catch(options.onError);
    return lane.last;
  }

  function laneOf(device: string): Lane {
    const known = lanes.get(device);
    if (known !== undefined) return known;
    const lane: Lane = {
      ...{ last: Promise.resolve(), watched: undefined, isDirty: false },
      summary: { state: 'none' },
    };
    lanes.set(device, lane);
    void enqueue(lane, () => load(device, lane));
    return lane;
  }

  async function load(device: string, lane: Lane): Promise<void> {
    lane.watched = await records.findWatched(device);
    if (lane.watched !== undefined) {
      const bundle = await bundles.find(lane.watched);
      if (bundle !== undefined) lane.summary = summarize(lane.watched, bundle.monitor);
    }
    let after = lane.watched?.state.last ?? { epoch: 0, sequence: 0 };
    while (!stop.signal.aborted) {
      const missed = await telemetry.windowsAfter(device, after, catchUpWindows);
      for (const stored of missed) await observe(lane, stored);
      const newest = missed.at(-1)?.window;
      if (newest === undefined) return;
      after = newest;
    }
  }

  async function observe(lane: Lane, { device, window }: StoredWindow): Promise<void> {
    const bundle = await bundles.find(window);
    if (bundle === undefined) return;
    const step = watchWindow(lane.watched, window, { device, bundle });
    if (step === undefined) return;
    const { watched, findings, isTested } = step;
    if (findings.length > 0) await options.onFindings({ watched, findings });
    lane.watched = watched;
    lane.summary = summarize(watched, bundle.monitor);
    lane.isDirty = true;
    if (isTested)
      note({ device, epoch: window.epoch, sequence: window.sequence, drift: lane.summary });
  }

  function note(verdict: WindowVerdict): void {
    unwritten.push(verdict);
    verdicts.set(verdictKey(verdict), verdict.drift);
    if (verdicts.size <= recentVerdicts) return;
    const [oldest] = verdicts.keys();
    if (oldest !== undefined) verdicts.delete(oldest);
  }

  function flush(): Promise<void> {
    flushing = flushing.then(write).catch(options.onError);
    return flushing;
  }

  async function write(): Promise<void> {
    const dirty = [...lanes.values()].filter(({ isDirty }) => isDirty);
    const states = dirty.flatMap(({ watched }) => watched ?? []);
    const pending = unwritten;
    unwritten = [];
    for (const lane of dirty) lane.isDirty = false;
    if (states.length > 0 || pending.length > 0) await records.saveWatch(states, pending);
  }

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(flushEveryMs, stop.signal);
      await flush();
    }
  }
  const ticking = tick().catch((thrown) => {
    if (!stop.signal.aborted) options.onError(thrown);
  });

  const unsubscribe = telemetry.windowStored.on((stored) => {
    const lane = laneOf(stored.device);
    void enqueue(lane, () => observe(lane, stored));
  });

  return {
    follow: (device) => void laneOf(device),
    async watched(device) {
      const lane = laneOf(device);
      await lane.last;
      return lane.watched;
    },
    async relearn(device) {
      const lane = laneOf(device);
      await enqueue(lane, async () => {
        const { watched } = lane;
        const bundle = watched && (await bundles.find(watched));
        if (watched === undefined || bundle === undefined) return;
        const fresh = { ...bundle.monitor.createState(), last: watched.state.last };
        lane.watched = { ...watched, state: fresh };
        lane.summary = summarize(lane.watched, bundle.monitor);
        lane.isDirty = true;
        await flush();
      });
    },
    async summary(device) {
      const lane = laneOf(device);
      await lane.last;
      return lane.summary;
    },
    async ofWindow(device, epoch, sequence) {
      // Whoever asks may have heard of the window before this part did.
      await Promise.resolve();
      const lane = laneOf(device);
      await lane.last;
      const key = verdictKey({ device, epoch, sequence });
      return (
        verdicts.get(key) ??
        (await records.findVerdict(device, epoch, sequence)) ?? { state: 'none' }
      );
    },
    async [Symbol.asyncDispose]() {
      unsubscribe();
      stop.abort(new FleetError('canceled', 'The hub is closing.'));
      await ticking;
      await Promise.all([...lanes.values()].map(({ last }) => last));
      await flush();
    },
  };
}

const verdictKey = (at: { device: string; epoch: number; sequence: number }): string =>
  `${at.device} ${at.epoch} ${at.sequence}`;
