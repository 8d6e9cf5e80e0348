import type { Client } from '@edgewise/hub/client';

/** Answers the label queue as a person would, through the same API, from what the cameras have shown. */
export interface Labeller {
  /** Samples labelled so far. */
  readonly labelled: number;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const pauseMs = 200;

/** `truth` knows what a frame shows; frames it does not know are skipped. */
export function createLabeller(client: Client, truth: ReadonlyMap<string, number>): Labeller {
  let labelled = 0;
  return {
    get labelled() {
      return labelled;
    },
    async run(signal) {
      while (!signal.aborted) {
        const waiting = await client.call('labelQueue', { query: { limit: 100 } });
        for (const { sample } of waiting) {
          if (signal.aborted) return;
          const label = truth.get(sample) ?? null;
          await client.call('labelSample', { params: { sample }, body: { label } });
          if (label !== null) labelled++;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
  };
}
