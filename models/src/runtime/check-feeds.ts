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

/**
 * The tensors that a run is to fill, all of them outputs of fitting type and size. Throws
 * `invalid-argument` and names the output.
 */
export function targetsOf(outputs: readonly SessionValue[], options: RunOptions): Feeds {
  const { into = {} } = options;
  for (const [name, target] of Object.entries(into)) {
    const output = outputs.find((one) => one.name === name);
    if (output === undefined) throw misuse(`The model has no output "${name}".`);
    assertFits(output, target, 'Output');
  }
  return into;
}

/** Copies results to where a run was to write them, for engines that cannot write there. */
export function copyInto(results: Feeds, targets: Feeds): Feeds {
  if (Object.keys(targets).length === 0) return results;
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => {
      const target = targets[name];
      if (target === undefined) return [name, result];
      (target.data as Uint8Array).set(result.data as Uint8Array);
      return [name, target];
    }),
  );
}

/** Rejects with `canceled` when the signal has fired. */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new FleetError('canceled', 'The run was called off.', { cause: signal.reason });
  }
}

function assertFits(value: SessionValue, given: Tensor, kind: 'Input' | 'Output' = 'Input'): void {
  const takes = `${kind} "${value.name}" takes`;
  if (given.dtype !== value.dtype) throw misuse(`${takes} ${value.dtype}, not ${given.dtype}.`);
  if (!sizesFit(value.dims, given.dims)) {
    const wanted = value.dims.map((size) => size ?? '?').join(', ');
    throw misuse(`${takes} [${wanted}], not [${given.dims.join(', ')}].`);
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
