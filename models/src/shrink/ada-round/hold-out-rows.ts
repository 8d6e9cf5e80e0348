import type { RowReader } from './row-reader.ts';

/** Rows to learn from, and others that what was learned is judged by. */
export interface HeldOutRows {
  readonly learn: readonly RowReader[];
  readonly test: readonly RowReader[];
}

/**
 * Every fourth feed judges only, at least one; of a single feed the last fourth of its rows. What is
 * judged by the rows it was learned from always seems better. No row judges where there is only one.
 */
export function holdOutRows(readers: readonly RowReader[]): HeldOutRows {
  const [only] = readers;
  if (only !== undefined && readers.length === 1) {
    const end = only.rows - Math.floor((only.rows + 2) / 4);
    return { learn: [rowsBetween(only, 0, end)], test: [rowsBetween(only, end, only.rows)] };
  }
  const every = Math.min(readers.length, 4);
  const judges = (_: RowReader, feed: number): boolean => feed % every === every - 1;
  return {
    learn: readers.filter((reader, feed) => !judges(reader, feed)),
    test: readers.filter(judges),
  };
}

function rowsBetween(reader: RowReader, from: number, to: number): RowReader {
  return {
    rows: to - from,
    readInput: (row, group, into) => reader.readInput(from + row, group, into),
    readOutput: (row, group, into) => reader.readOutput(from + row, group, into),
  };
}
