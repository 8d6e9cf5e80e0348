import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdOutRows } from './hold-out-rows.ts';
import type { RowReader } from './row-reader.ts';

test('every fourth feed judges, of two or three the last', () => {
  for (const [count, judging] of [
    [2, [1]],
    [3, [2]],
    [4, [3]],
    [9, [3, 7]],
  ] as const) {
    const readers = Array.from({ length: count }, (_, feed) => numbered(1, feed));
    const { learn, test } = holdOutRows(readers);
    assert.deepEqual(test.flatMap(numbersIn), judging);
    assert.equal(learn.length + test.length, count);
  }
});

test('of a single feed the last fourth of the rows judges, and no row does both', () => {
  for (const [rows, judging] of [
    [1, []],
    [2, [1]],
    [5, [4]],
    [12, [9, 10, 11]],
  ] as const) {
    const { learn, test } = holdOutRows([numbered(rows)]);
    assert.deepEqual(test.flatMap(numbersIn), judging);
    const all = [...learn, ...test].flatMap(numbersIn);
    assert.deepEqual(
      all,
      Array.from({ length: rows }, (_, row) => row),
    );
  }
  assert.deepEqual(holdOutRows([]), { learn: [], test: [] });
});

/** Rows that hold their number. */
function numbered(rows: number, first = 0): RowReader {
  const read = (row: number, _: number, into: Float32Array) => into.fill(first + row);
  return { rows, readInput: read, readOutput: read };
}

function numbersIn({ rows, readInput, readOutput }: RowReader): readonly number[] {
  return Array.from({ length: rows }, (_, row) => {
    const [input, output] = [new Float32Array(1), new Float32Array(1)];
    readInput(row, 0, input);
    readOutput(row, 0, output);
    assert.deepEqual(input, output);
    return input[0] ?? Number.NaN;
  });
}
