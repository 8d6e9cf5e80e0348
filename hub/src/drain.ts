import { seconds } from '@edgewise/protocol';
import type { Clock } from './clock.ts';

/** Works a queue off, one piece after the other. */
export interface Drain {
  /** Something may be queued: works until nothing is. Calls that come meanwhile are heard. */
  wake(): void;
  /** Resolves when the piece that is under way has ended; nothing starts afterwards. */
  stop(): Promise<void>;
}

/** What is worked off. */
export interface DrainOptions<T> {
  /** The piece that is due; `undefined` when there is none. */
  next(): Promise<T | undefined>;
  /** Must take the piece off the queue, or else it is next again. */
  work(piece: T): Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly onError: (thrown: unknown) => void;
}

/** How long a queue that failed is left alone: a full disk may have room again. */
export const retryMs = seconds(30);

/** Waits for the first `wake`; wakes by itself after something was thrown. */
export function createDrain<T>({ next, work, clock, onError }: DrainOptions<T>): Drain {
  const stop = new AbortController();
  let working: Promise<void> | undefined;
  let isAsked = false;
  let isRetrying = false;

  async function drain(): Promise<void> {
    while (!stop.signal.aborted) {
      isAsked = false;
      const piece = await next();
      if (piece === undefined) return;
      await work(piece);
    }
  }

  function retryLater(): void {
    if (isRetrying || stop.signal.aborted) return;
    isRetrying = true;
    clock.sleep(retryMs, stop.signal).then(
      () => {
        isRetrying = false;
        wake();
      },
      // Only stopping ends the sleep.
      () => undefined,
    );
  }

  function wake(): void {
    isAsked = true;
    working ??= drain()
      .catch((thrown) => {
        retryLater();
        onError(thrown);
      })
      .finally(() => {
        working = undefined;
        if (isAsked && !stop.signal.aborted) wake();
      });
  }

  return {
    wake,
    async stop() {
      stop.abort();
      await working;
    },
  };
}
