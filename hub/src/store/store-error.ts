import { type Code, FleetError } from '@edgewise/protocol';

const sqliteCodes: readonly (readonly [prefix: string, code: Code])[] = [
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_IOERR', 'unavailable'],
  ['SQLITE_CONSTRAINT', 'conflict'],
  ['SQLITE_BUSY', 'unavailable'],
];

/** Whatever the store threw, as one of our codes. */
export function storeError(thrown: unknown): FleetError {
  const raw = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const known = sqliteCodes.find(([prefix]) => raw.startsWith(prefix));
  if (!known) return FleetError.from(thrown);
  return new FleetError(known[1], `The database refused: ${raw}.`, { cause: thrown });
}

/** Whether an insert failed because such a row exists. */
export function isDuplicate(thrown: unknown): boolean {
  return storeError(thrown).code === 'conflict';
}
