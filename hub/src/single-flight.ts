import type { Clock } from './clock.ts';
import { createTurns } from './in-turn.ts';

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
  const turns = createTurns();
  let isQueued = false;

  function trigger(): void {
    if (isQueued || stop.signal.aborted) return;
    isQueued = true;
    const turn = turns.take(() => {
      isQueued = false;
      return stop.signal.aborted ? Promise.resolve() : pass();
    });
    turn.catch(options.onError);
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
    runExclusive: turns.take,
    async stop() {
      stop.abort();
      await ticking;
      await turns.settle();
    },
  };
}
