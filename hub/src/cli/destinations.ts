import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import type { Io } from './io.ts';

/** Files of one command line. */
export interface Destinations {
  /** Files that will be written; `undefined` where an option was left out. */
  readonly writes: readonly (string | undefined)[];
  /** Files that are read. */
  readonly reads: readonly (string | undefined)[];
}

/**
 * Tells before any work whether its results can be written. Throws `not-found` for a folder that
 * does not exist, and `invalid-argument` for a folder in place of a file, for one file that is to
 * hold two things, and for one that is read.
 */
export async function assertDestinations(io: Io, files: Destinations): Promise<void> {
  const placeOf = (name: string): string => path.resolve(io.cwd, name);
  const given = (names: Destinations['reads']) => names.filter((name) => name !== undefined);
  const taken = new Set<string>();
  const sources = new Set(given(files.reads).map(placeOf));
  for (const place of given(files.writes).map(placeOf)) {
    if (sources.has(place)) throw misuse(`${place} is read; write to another file.`);
    if (taken.has(place)) throw misuse(`${place} cannot hold two results; name two files.`);
    taken.add(place);
    await assertWritable(place);
  }
}

async function assertWritable(place: string): Promise<void> {
  if (await isFolder(place)) throw misuse(`${place} cannot be written: it is a folder.`);
  if (await isFolder(path.dirname(place))) return;
  throw new FleetError('not-found', `${place} cannot be written: its folder does not exist.`);
}

async function isFolder(place: string): Promise<boolean> {
  return await stat(place).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

const misuse = (reason: string): FleetError => new FleetError('invalid-argument', reason);
