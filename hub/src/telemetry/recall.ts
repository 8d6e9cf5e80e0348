/** Answers that are asked for far more often than they change, one per device. */
export interface Recall<T> {
  of(device: string): Promise<T>;
  /** The next question is answered anew. Call it after the change is durable. */
  forget(device: string): void;
}

/** Remembers what `load` answered; failures are not remembered. */
export function createRecall<T>(load: (device: string) => Promise<T>): Recall<T> {
  const known = new Map<string, Promise<T>>();
  return {
    of(device) {
      const answer = known.get(device);
      if (answer !== undefined) return answer;
      const loading = load(device);
      known.set(device, loading);
      loading.catch(() => known.delete(device));
      return loading;
    },
    forget(device) {
      known.delete(device);
    },
  };
}
