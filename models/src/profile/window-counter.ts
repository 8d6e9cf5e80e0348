import { limits, type PackedWindow } from '@edgewise/protocol';
import type { WindowPolicy } from '../bundle/manifest.ts';
import { confidenceBinOf, latencyBucketOf } from './bins.ts';
import type { Profile } from './profile.ts';
import { createTally, type Tally } from './tally.ts';

/** A window before the outbox gives it its epoch and sequence number. */
export type WindowCounts = Omit<PackedWindow, 'epoch' | 'sequence'>;

/** One answered input. */
export interface CountedAnswer {
  /** The profile vector; absent when there is none, and then every feature counts as null. */
  readonly features?: ArrayLike<number> | undefined;
  /** Index of the predicted class; absent for tasks without classes. */
  readonly class?: number | undefined;
  /** Largest probability, 0 to 1. */
  readonly confidence?: number | undefined;
  readonly latencyUs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Turns a stream of answers into windows of counts. A window begins with its first answer and
 * closes with the answer that completes its samples or that comes after its longest span, or by
 * `tick`; so that a quiet source still reports, call `tick` about once a second.
 */
export interface WindowCounter {
  /** Counts an answer; gives the window that it closed. */
  add(answer: CountedAnswer): WindowCounts | undefined;
  /** Closes a window that has reached its longest span. */
  tick(nowMs: number): WindowCounts | undefined;
  /** Closes what is open, as before a restart; `undefined` when nothing is. */
  flush(nowMs: number): WindowCounts | undefined;
}

/**
 * Counts in the bins of a profile. Of a fast stream only as many answers are counted as keep a
 * window at least `minSpanMs` long; all are `seen`, and the latency table holds all of them.
 */
export function createWindowCounter(
  profile: Pick<Profile, 'bins' | 'digests'>,
  policy: WindowPolicy,
): WindowCounter {
  // The last of N counted answers comes N - 1 gaps after the first.
  const gapMs = policy.minSpanMs / Math.max(1, policy.samples - 1);
  let open: OpenWindow | undefined;

  const close = (): WindowCounts | undefined => {
    const closed = open === undefined ? undefined : finish(open, profile);
    open = undefined;
    return closed;
  };
  const isOver = (window: OpenWindow): boolean =>
    window.n >= policy.samples || window.spanMs >= policy.maxSpanMs;

  return {
    add(answer) {
      open ??= createOpen(profile, answer.nowMs);
      moveTo(open, answer.nowMs);
      see(open, answer);
      if (open.spanMs >= open.n * gapMs) count(open, answer);
      return isOver(open) ? close() : undefined;
    },
    tick(nowMs) {
      if (open !== undefined) moveTo(open, nowMs);
      return open !== undefined && isOver(open) ? close() : undefined;
    },
    flush(nowMs) {
      if (open !== undefined) moveTo(open, nowMs);
      return close();
    },
  };
}

interface OpenWindow {
  readonly startMs: number;
  nowMs: number;
  spanMs: number;
  seen: number;
  n: number;
  readonly tallies: readonly Tally[];
  readonly predictions: Map<number, number>;
  readonly latency: Map<number, number>;
}

function createOpen({ bins }: Pick<Profile, 'bins'>, startMs: number): OpenWindow {
  return {
    startMs,
    nowMs: startMs,
    spanMs: 0,
    seen: 0,
    n: 0,
    tallies: bins.features.map(createTally),
    predictions: new Map(),
    latency: new Map(),
  };
}

/** A clock that was set back neither shortens a window nor keeps it open for the difference. */
function moveTo(window: OpenWindow, nowMs: number): void {
  window.spanMs += Math.max(0, nowMs - window.nowMs);
  window.nowMs = nowMs;
}

function see(window: OpenWindow, answer: CountedAnswer): void {
  window.seen++;
  increment(window.latency, latencyBucketOf(answer.latencyUs));
}

function count(window: OpenWindow, answer: CountedAnswer): void {
  window.n++;
  window.tallies.forEach((tally, index) => {
    tally.add(answer.features?.[index]);
  });
  if (answer.class !== undefined) {
    const bin = confidenceBinOf(answer.confidence ?? 0);
    increment(window.predictions, answer.class * limits.confidenceBins + bin);
  }
}

function finish(
  window: OpenWindow,
  { bins, digests }: Pick<Profile, 'bins' | 'digests'>,
): WindowCounts {
  return {
    bins: digests.bins.slice(0, digestDigits),
    reference: digests.reference.slice(0, digestDigits),
    startMs: Math.floor(window.startMs),
    spanMs: Math.floor(window.spanMs),
    seen: window.seen,
    n: window.n,
    features: window.tallies.map((tally) => tally.finish()),
    classes: bins.classes,
    predictions: window.predictions,
    latency: window.latency,
  };
}

/** A packed window carries the first 8 bytes of each digest. */
const digestDigits = 16;

function increment(table: Map<number, number>, cell: number): void {
  table.set(cell, (table.get(cell) ?? 0) + 1);
}
