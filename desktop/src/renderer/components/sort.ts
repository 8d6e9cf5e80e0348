/** By which column a table is sorted. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** Reads a sort from the address: a column id, with a minus in front for descending. */
export function parseSort(value: string | undefined): Sort | undefined {
  if (value === undefined || value === '' || value === '-') return undefined;
  return value.startsWith('-')
    ? { column: value.slice(1), descending: true }
    : { column: value, descending: false };
}

/** What a click on a column's head leads to: ascending, descending, unsorted. */
export function toggleSort(sort: Sort | undefined, column: string): string | undefined {
  if (sort?.column !== column) return column;
  return sort.descending ? undefined : `-${column}`;
}
