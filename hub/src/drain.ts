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
  readonly onError: (thrown: unknown) => void;
}

/** Waits for the first `wake`. */
export function createDrain<T>({ next, work, onError }: DrainOptions<T>): Drain {
  let working: Promise<void> | undefined;
  let isAsked = false;
  let isStopped = false;

  async function drain(): Promise<void> {
    while (!isStopped) {
      isAsked = false;
      const piece = await next();
      if (piece === undefined) return;
      await work(piece);
    }
  }

  function wake(): void {
    isAsked = true;
    working ??= drain()
      .catch(onError)
      .finally(() => {
        working = undefined;
        if (isAsked && !isStopped) wake();
      });
  }

  return {
    wake,
    async stop() {
      isStopped = true;
      await working;
    },
  };
}
