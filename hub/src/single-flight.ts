import type { Clock } from './clock.ts';

/** Runs one job again and again, never twice at once. */
export interface SingleFlight {
  /** Asks for a pass; asks that come while one runs are answered by one more. */
  trigger(): void;
  /** Runs work while no pass runs. */
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs any more; nothing starts afterwards. */
  stop(): Promise<void>;
}

/** A pass also runs every `everyMs`, for what depends on time alone. */
export function createSingleFlight(
  pass: () => Promise<void>,
  options: {
    readonly clock: Clock;
    readonly everyMs: number;
    readonly onError: (thrown: unknown) => void;
  },
): SingleFlight {
  const stop = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let isQueued = false;

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  function trigger(): void {
    if (isQueued || stop.signal.aborted) return;
    isQueued = true;
    enqueue(() => {
      isQueued = false;
      return stop.signal.aborted ? Promise.resolve() : pass();
    }).catch(options.onError);
  }

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      await options.clock.sleep(options.everyMs, stop.signal);
      trigger();
    }
  }
  const ticking = tick().catch((thrown) => {
    if (!stop.signal.aborted) options.onError(thrown);
  });

  return {
    trigger,
    runExclusive: enqueue,
    async stop() {
      stop.abort();
      await ticking;
      await last;
    },
  };
}
