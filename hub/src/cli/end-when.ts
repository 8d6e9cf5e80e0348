/**
 * Ends the following of something that is over already: it may have ended before its event stream
 * stood. A look that fails is no answer; the next time the stream stands there is another.
 */
export function endWhen<T>(
  look: () => Promise<T>,
  isOver: (value: T) => boolean,
  ended: AbortController,
): void {
  look().then(
    (value) => {
      if (isOver(value)) ended.abort();
    },
    () => undefined,
  );
}
