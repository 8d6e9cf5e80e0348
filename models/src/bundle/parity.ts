import { FleetError } from '@edgewise/protocol';
import type { Feeds, Session } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Golden } from './golden-file.ts';
import type { Manifest } from './manifest.ts';
import { vectorOf } from './vectors.ts';

/** How golden vectors came out on one device. */
export interface ParityCertificate {
  readonly vectors: number;
  /**
   * Largest absolute deviation of any element of the output that comes closest to what it is allowed,
   * or goes furthest beyond; `Number.MAX_VALUE` where one is no number.
   */
  readonly largestDeviation: number;
  /** What is allowed for that output, and its name. */
  readonly allowed: number;
  readonly output: string;
  /** Share of vectors whose top class agrees, 0 to 1; 1 when no output holds classes. */
  readonly topAgreement: number;
  readonly ok: boolean;
}

/** What is compared, and how closely. */
export interface ParityOptions {
  readonly parity: Manifest['parity'];
  /** Output whose largest element is the answer; absent for tasks without classes. */
  readonly topOutput?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs every golden vector as a batch of one and compares all outputs.
 * Rejects with what `run` rejects with, and with `malformed` when an output is missing.
 */
export async function checkParity(
  session: Session,
  golden: Golden,
  options: ParityOptions,
): Promise<ParityCertificate> {
  const deviations = new Map<string, number>();
  let agreeing = 0;
  const run = {
    outputs: Object.keys(golden.outputs),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  for (let index = 0; index < golden.vectors; index++) {
    const expected = vectorOf(golden.outputs, index);
    const actual = await session.run(vectorOf(golden.inputs, index), run);
    for (const [name, wanted] of Object.entries(expected)) {
      const deviation = deviationOf(name, wanted, outputOf(actual, name));
      deviations.set(name, Math.max(deviations.get(name) ?? 0, deviation));
    }
    if (topAgrees(expected, actual, options.topOutput)) agreeing++;
  }
  const topAgreement = agreeing / golden.vectors;
  const { largestDeviation, allowed, output } = furthest(deviations, options.parity);
  const ok = largestDeviation <= allowed && topAgreement >= options.parity.topAgreement;
  return { vectors: golden.vectors, largestDeviation, allowed, output, topAgreement, ok };
}

/** The output whose deviation is the greatest part of what it is allowed. */
function furthest(
  deviations: ReadonlyMap<string, number>,
  { tolerance, outputs = {} }: Manifest['parity'],
): Pick<ParityCertificate, 'largestDeviation' | 'allowed' | 'output'> {
  let found = { largestDeviation: 0, allowed: tolerance, output: '' };
  let greatest = -1;
  for (const [output, largestDeviation] of deviations) {
    const allowed = outputs[output] ?? tolerance;
    const part = largestDeviation === 0 ? 0 : largestDeviation / allowed;
    if (part > greatest) {
      greatest = part;
      found = { largestDeviation, allowed, output };
    }
  }
  return found;
}

function deviationOf(name: string, wanted: Tensor, given: Tensor): number {
  if (given.data.length !== wanted.data.length) {
    throw new FleetError('malformed', `Output "${name}" does not have its golden size.`);
  }
  let largest = 0;
  for (let index = 0; index < wanted.data.length; index++) {
    const distance = distanceOf(Number(wanted.data[index]), Number(given.data[index]));
    if (distance > largest) largest = distance;
  }
  return largest;
}

/** Infinite and undefined distances become a number that JSON can carry and no tolerance allows. */
function distanceOf(wanted: number, given: number): number {
  if (Object.is(wanted, given)) return 0;
  const distance = Math.abs(wanted - given);
  return Number.isFinite(distance) ? distance : Number.MAX_VALUE;
}

function topAgrees(expected: Feeds, actual: Feeds, name: string | undefined): boolean {
  if (name === undefined) return true;
  return topOf(outputOf(expected, name)) === topOf(outputOf(actual, name));
}

function topOf({ data }: Tensor): number {
  let top = 0;
  for (let index = 1; index < data.length; index++) {
    if (Number(data[index]) > Number(data[top])) top = index;
  }
  return top;
}

function outputOf(feeds: Feeds, name: string): Tensor {
  const output = feeds[name];
  if (output === undefined) throw new FleetError('malformed', `The graph has no output "${name}".`);
  return output;
}
