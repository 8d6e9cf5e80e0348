/** Says that something has happened, to whoever listens; handlers run at once, in order of arrival. */
export interface Signal<T> {
  emit(value: T): void;
  /** Returns a function that ends the subscription. */
  on(handler: (value: T) => void): () => void;
}

/** A signal without history. A handler that throws is handed to `onError` and does not stop the others. */
export function createSignal<T>(onError: (thrown: unknown) => void): Signal<T> {
  const handlers = new Set<(value: T) => void>();
  return {
    emit(value) {
      for (const handler of handlers) {
        try {
          handler(value);
        } catch (thrown) {
          onError(thrown);
        }
      }
    },
    on(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
