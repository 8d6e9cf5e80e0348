import { codes, FleetError, seconds } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { type RetryPolicy, retryMs } from '../core/retry.ts';
import type { Sink, Source } from './source.ts';

interface RunSourcesOptions {
  readonly newSink: () => Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told about each new kind of failure; `isFinal` when trying again cannot help. */
  readonly onFailed: (error: FleetError, source: { name: string; isFinal: boolean }) => void;
}

const pauses: RetryPolicy = { firstMs: seconds(1), longestMs: seconds(30), jitterRatio: 0.2 };

/** Runs all sources at once, each with a sink of its own; one that fails does not stop the others. */
export async function runSources(
  sources: readonly Source[],
  options: RunSourcesOptions,
): Promise<void> {
  await Promise.all(sources.map((source) => keepRunning(source, options)));
}

async function keepRunning(source: Source, options: RunSourcesOptions): Promise<void> {
  const { signal, clock, log } = options;
  const sink = options.newSink();
  let told = '';
  let attempt = 0;
  while (!signal.aborted) {
    try {
      await source.run(sink, signal);
      if (!signal.aborted) log.info({ source: source.name }, 'The source has no more inputs.');
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = FleetError.from(thrown);
      const isFinal = codes[error.code].retry !== 'backoff';
      // A sensor that is unplugged for a day is one failure, not one per attempt.
      if (error.message !== told) options.onFailed(error, { name: source.name, isFinal });
      told = error.message;
      if (isFinal) return;
      await clock.sleep(retryMs(pauses, ++attempt, options), signal).catch(() => undefined);
    }
  }
}
