/** Does one piece of work after the other, in the order of the calls. */
export interface Turns {
  /** Resolves or rejects as the work does; one that fails holds nobody up. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is left to do. */
  settle(): Promise<void>;
}

/** Starts with nothing to do. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
    async settle() {
      await last;
    },
  };
}
