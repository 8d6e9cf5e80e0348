import { FleetError, noNumber } from '@edgewise/protocol';
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
   * or goes furthest beyond; `noNumber` where one is none.
   */
  readonly largestDeviation: number;
  /** What is allowed for that output, and its name. */
  readonly allowed: number;
  readonly output: string;
  /** Root mean square of that output's deviations and what is allowed, where its manifest says so. */
  readonly rms?: number;
  readonly allowedRms?: number;
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

/** How far one output is from its golden answers, over all vectors. */
export interface Deviation {
  /** Largest absolute deviation of any element. */
  readonly largest: number;
  /** Root mean square over all elements. */
  readonly rms: number;
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
  const { parity, topOutput } = options;
  let agreeing = 0;
  const deviations = await deviationsOf(session, golden, {
    ...options,
    onVector(expected, actual) {
      if (topAgrees(expected, actual, topOutput)) agreeing++;
    },
  });
  const topAgreement = agreeing / golden.vectors;
  const { part, ...found } = furthest(deviations, parity);
  const ok = part <= 1 && topAgreement >= parity.topAgreement;
  return { vectors: golden.vectors, ...found, topAgreement, ok };
}

interface DeviationOptions {
  readonly signal?: AbortSignal;
  readonly onVector?: (expected: Feeds, actual: Feeds) => void;
}

/** How far each output of a session is from its golden answers. Rejects as `checkParity` does. */
export async function deviationsOf(
  session: Session,
  golden: Golden,
  { signal, onVector }: DeviationOptions = {},
): Promise<ReadonlyMap<string, Deviation>> {
  const sums = new Map(Object.keys(golden.outputs).map((name) => [name, createSums()]));
  const run = { outputs: [...sums.keys()], ...(signal && { signal }) };
  for (let index = 0; index < golden.vectors; index++) {
    const expected = vectorOf(golden.outputs, index);
    const actual = await session.run(vectorOf(golden.inputs, index), run);
    for (const [name, wanted] of Object.entries(expected)) {
      sums.get(name)?.add(name, wanted, outputOf(actual, name));
    }
    onVector?.(expected, actual);
  }
  return new Map([...sums].map(([name, { result }]) => [name, result()]));
}

/** The output one of whose deviations is the greatest part of what it is allowed. */
function furthest(
  deviations: ReadonlyMap<string, Deviation>,
  { tolerance, outputs = {}, rms: limits = {} }: Manifest['parity'],
) {
  let found: Pick<ParityCertificate, 'largestDeviation' | 'allowed' | 'output' | 'rms'> & {
    readonly part: number;
  } = { part: -1, largestDeviation: 0, allowed: tolerance, output: '' };
  for (const [output, { largest: largestDeviation, rms }] of deviations) {
    const allowed = limitOf(outputs, output) ?? tolerance;
    const allowedRms = limitOf(limits, output);
    const ofRms = allowedRms === undefined ? 0 : partOf(rms, allowedRms);
    const part = Math.max(partOf(largestDeviation, allowed), ofRms);
    const mean = allowedRms === undefined ? {} : { rms, allowedRms };
    if (part > found.part) found = { part, largestDeviation, allowed, output, ...mean };
  }
  return found;
}

/** Outputs may bear the names of what every object has. */
const limitOf = (limits: Readonly<Record<string, number>>, output: string): number | undefined =>
  Object.hasOwn(limits, output) ? limits[output] : undefined;

const partOf = (deviation: number, allowed: number): number =>
  deviation === 0 ? 0 : deviation / allowed;

/** Adds up the deviations of one output. */
function createSums() {
  let largest = 0;
  let squares = 0;
  let count = 0;
  return {
    add(name: string, wanted: Tensor, given: Tensor): void {
      if (given.data.length !== wanted.data.length) {
        throw new FleetError('malformed', `Output "${name}" does not have its golden size.`);
      }
      for (let index = 0; index < wanted.data.length; index++) {
        const distance = distanceOf(Number(wanted.data[index]), Number(given.data[index]));
        if (distance > largest) largest = distance;
        squares += distance * distance;
      }
      count += wanted.data.length;
    },
    result: (): Deviation => ({
      largest,
      rms: Math.min(noNumber, Math.sqrt(squares / Math.max(1, count))),
    }),
  };
}

/** Infinite and undefined distances become a number that JSON can carry and no tolerance allows. */
function distanceOf(wanted: number, given: number): number {
  if (Object.is(wanted, given)) return 0;
  const distance = Math.abs(wanted - given);
  return Number.isFinite(distance) ? distance : noNumber;
}

function topAgrees(expected: Feeds, actual: Feeds, name: string | undefined): boolean {
  if (name === undefined) return true;
  return topOf(outputOf(expected, name)) === topOf(outputOf(actual, name));
}

/** The place of the largest element, the first of equal ones. */
export function topOf({ data }: Tensor): number {
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
