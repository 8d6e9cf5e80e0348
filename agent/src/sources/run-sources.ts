import { FleetError } from '@edgewise/protocol';
import type { Log } from '../core/log.ts';
import type { Sink, Source } from './source.ts';

export interface RunSourcesOptions {
  readonly newSink: () => Sink;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onFailed: (error: FleetError, name: string) => void;
}

/** Runs all sources at once, each with a sink of its own; one that fails does not stop the others. */
export async function runSources(
  sources: readonly Source[],
  options: RunSourcesOptions,
): Promise<void> {
  await Promise.all(sources.map((source) => runSource(source, options)));
}

async function runSource(source: Source, options: RunSourcesOptions): Promise<void> {
  const { name } = source;
  try {
    await source.run(options.newSink(), options.signal);
    options.log.info({ source: name }, 'The source has no more inputs.');
  } catch (thrown) {
    if (options.signal.aborted) return;
    options.onFailed(FleetError.from(thrown), name);
  }
}
