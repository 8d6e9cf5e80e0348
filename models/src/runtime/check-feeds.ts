import { FleetError } from '@edgewise/protocol';
import type { Tensor } from '../tensor/tensor.ts';
import type { Feeds, RunOptions, SessionValue } from './runtime.ts';

/**
 * Refuses feeds that are missing, surplus, of another type or of another shape, before an engine
 * sees them. Throws `invalid-argument` and names the feed.
 */
export function assertFeeds(inputs: readonly SessionValue[], feeds: Feeds): void {
  for (const input of inputs) {
    const feed = feeds[input.name];
    if (feed === undefined) throw misuse(`Input "${input.name}" was not fed.`);
    assertFits(input, feed);
  }
  const names = Object.keys(feeds);
  if (names.length > inputs.length) {
    const surplus = names.find((name) => inputs.every((input) => input.name !== name));
    throw misuse(`The model has no input "${surplus}".`);
  }
}

/** The outputs that a run is asked for, by default all. Throws `invalid-argument` for unknown ones. */
export function wantedOutputs(
  outputs: readonly SessionValue[],
  options: RunOptions,
): readonly string[] {
  const names = outputs.map((output) => output.name);
  if (options.outputs === undefined) return names;
  const unknown = options.outputs.find((name) => !names.includes(name));
  if (unknown !== undefined) throw misuse(`The model has no output "${unknown}".`);
  return options.outputs;
}

/** Rejects with `canceled` when the signal has fired. */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new FleetError('canceled', 'The run was called off.', { cause: signal.reason });
  }
}

function assertFits(input: SessionValue, feed: Tensor): void {
  if (feed.dtype !== input.dtype) {
    throw misuse(`Input "${input.name}" takes ${input.dtype}, not ${feed.dtype}.`);
  }
  if (!sizesFit(input.dims, feed.dims)) {
    const wanted = input.dims.map((size) => size ?? '?').join(', ');
    throw misuse(`Input "${input.name}" takes [${wanted}], not [${feed.dims.join(', ')}].`);
  }
}

function sizesFit(wanted: SessionValue['dims'], given: readonly number[]): boolean {
  if (wanted.length === 0) return true;
  if (wanted.length !== given.length) return false;
  return wanted.every((size, axis) => size === undefined || size === given[axis]);
}

function misuse(reason: string): FleetError {
  return new FleetError('invalid-argument', reason);
}
