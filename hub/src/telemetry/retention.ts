import { days, hours, minutes, type PackedWindow } from '@edgewise/protocol';
import type { Clock } from '../clock.ts';
import { mergeWindows } from './merge-windows.ts';

/** How long what is kept. Daily roll-ups are kept for good. */
export const retention = {
  windowsMs: days(7),
  hourlyMs: days(90),
  eventsMs: days(90),
  quarantineMs: days(30),
} as const;

/** Spans of roll-ups. */
export type RollupSpan = 'hour' | 'day';
const spanMs: Readonly<Record<RollupSpan, number>> = { hour: hours(1), day: days(1) };

/** Windows of one device that were merged: same span, bins and reference. */
export interface Rollup {
  readonly device: string;
  readonly span: RollupSpan;
  /** Beginning of the span, UTC. */
  readonly startMs: number;
  /** How many windows are in it. */
  readonly windows: number;
  readonly sum: PackedWindow;
}

/** What is to be merged: a window (`windows` is 1) or a finer roll-up. */
export interface Mergeable {
  readonly device: string;
  readonly startMs: number;
  readonly windows: number;
  readonly sum: PackedWindow;
}

/** Merges what belongs together into roll-ups of a span. */
export function rollUp(parts: readonly Mergeable[], span: RollupSpan): readonly Rollup[] {
  const groups = new Map<string, Mergeable[]>();
  for (const part of parts) {
    const { bins, reference } = part.sum;
    const key = [part.device, floorTo(span, part.startMs), bins, reference].join(' ');
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(part);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return {
      device: first.device,
      span,
      startMs: floorTo(span, first.startMs),
      windows: group.reduce((sum, { windows }) => sum + windows, 0),
      sum: mergeWindows(group.map((part) => part.sum)),
    };
  });
}

function floorTo(span: RollupSpan, atMs: number): number {
  return atMs - (atMs % spanMs[span]);
}

/** Where old telemetry is thinned out. Promise: a call moves at most `most` rows, all or nothing. */
export interface RetentionStore {
  /**
   * Merges the oldest windows that arrived before `beforeMs` into hours (a device's own clock may be
   * wrong); resolves to how many there were.
   */
  rollUpWindows(beforeMs: number, most: number): Promise<number>;
  /** Merges the oldest hours from before `beforeMs` into days; resolves to how many there were. */
  rollUpHours(beforeMs: number, most: number): Promise<number>;
  forgetEvents(beforeMs: number): Promise<void>;
  forgetQuarantine(beforeMs: number): Promise<void>;
}

/** Rows of one transaction: a few milliseconds. */
const batch = 200;

/** Thins out once; between batches others have their turn. */
export async function thinOut(
  store: RetentionStore,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const now = clock.now();
  const all = async (merge: () => Promise<number>) => {
    while ((await merge()) === batch) await clock.sleep(1, signal);
  };
  await all(() => store.rollUpWindows(floorTo('hour', now - retention.windowsMs), batch));
  await all(() => store.rollUpHours(floorTo('day', now - retention.hourlyMs), batch));
  await store.forgetEvents(now - retention.eventsMs);
  await store.forgetQuarantine(now - retention.quarantineMs);
}

interface RetentionOptions {
  readonly store: RetentionStore;
  readonly clock: Clock;
  readonly onError: (thrown: unknown) => void;
  readonly everyMs?: number;
}

/** Thins out now and every ten minutes. Ends with the returned disposal. */
export function startRetention(options: RetentionOptions): AsyncDisposable {
  const { store, clock, onError, everyMs = minutes(10) } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    while (!signal.aborted) {
      await thinOut(store, clock, signal).catch((thrown: unknown) => {
        if (!signal.aborted) onError(thrown);
      });
      await clock.sleep(everyMs, signal);
    }
  };
  const running = run().catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
