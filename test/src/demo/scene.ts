import type { Random } from '@edgewise/models/random';
import type { MemoryMeter } from './memory-meter.ts';
import type { Digits } from './mnist.ts';
import type { Observer } from './observer.ts';
import type { Say } from './say.ts';
import type { RunningHub } from './stack.ts';

/** Model and data set of the demonstration. */
export const name = 'digits';
/** The three agents. */
export const devices = ['camera-1', 'camera-2', 'camera-3'] as const;
/** Those whose cameras wear out. */
export const drifting: readonly string[] = devices.slice(0, 2);

/** Pauses between two bursts of 20 frames, milliseconds: about 900 frames a second, or 400 while the hub trains. */
export const paces = { watching: 20, training: 50 } as const;

/** What a run of the loop is given. */
export interface LoopOptions {
  readonly hub: RunningHub;
  readonly folder: string;
  readonly seed: number;
  readonly say: Say;
  readonly memory: MemoryMeter;
  /** Aborted by Ctrl-C; ends everything. */
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  /** Takes what must be stopped at the end. */
  readonly keep: AsyncDisposableStack;
}

/** Everything the stages share. */
export interface Scene extends LoopOptions {
  readonly observer: Observer;
  readonly random: Random;
  readonly labelable: Digits;
  readonly measured: Digits;
  /** What a person would see in each frame, by SHA-256. */
  readonly truth: Map<string, number>;
  readonly pace: { pauseMs: number };
}

/** A short wait between two looks; throws when the loop is called off. */
export async function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
