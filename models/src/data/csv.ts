import { FleetError, limits } from '@edgewise/protocol';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { type CsvRecord, readRecords } from './csv-records.ts';

/** Rows of a table as inputs of a model, with their classes. */
export interface LabelledTable {
  /** Names of the input columns, in the order of `inputs`. */
  readonly columns: readonly string[];
  /** [rows, columns]. */
  readonly inputs: Tensor<'float32'>;
  /** Class number of each row; absent without a label column. */
  readonly labels?: Int32Array;
  /** Names of the classes in the order of their numbers; absent without a label column. */
  readonly classes?: readonly string[];
}

/** How a table is read. */
export interface CsvOptions {
  /** Column that names the class; without it every column is an input. */
  readonly labelColumn?: string;
  /** Columns that must be there, in the order of the model's inputs; default all in file order. */
  readonly columns?: readonly string[];
  /**
   * Names of the classes in the order of their numbers. By default whole numbers from 0 are class
   * numbers themselves, and names are numbered in alphabetical order.
   */
  readonly classes?: readonly string[];
}

/**
 * Reads CSV (RFC 4180; comma, semicolon or tab) with a header line. Everything that is wrong is
 * `invalid-argument` and says in which line and column.
 */
export function decodeCsv(bytes: Uint8Array, options: CsvOptions = {}): LabelledTable {
  const [header, ...rows] = readRecords(bytes);
  if (header === undefined) throw wrong(1, 'the file is empty');
  if (rows.length === 0) throw wrong(header.line, 'there is a header and no row below it');
  const names = header.fields.map((name) => name.trim());
  assertHeader(names, header.line);
  const place = (name: string): number => placeOf(name, names, header.line);
  const labelAt = options.labelColumn === undefined ? -1 : place(options.labelColumn);
  const columns = options.columns ?? names.filter((_, index) => index !== labelAt);
  if (columns.length === 0) throw wrong(header.line, 'there is no column of inputs');
  const inputs = readInputs(rows, names, columns.map(place));
  if (labelAt < 0) return { columns, inputs };
  return { columns, inputs, ...readLabels(rows, labelAt, options) };
}

function assertHeader(names: readonly string[], line: number): void {
  const empty = names.indexOf('');
  if (empty >= 0) throw wrong(line, `column ${empty + 1} has no name`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(line, `two columns are named "${twice}"`);
}

function placeOf(name: string, names: readonly string[], line: number): number {
  const index = names.indexOf(name);
  if (index >= 0) return index;
  throw wrong(line, `there is no column "${name}"; there are ${names.join(', ')}`);
}

function readInputs(
  rows: readonly CsvRecord[],
  names: readonly string[],
  places: readonly number[],
): Tensor<'float32'> {
  const data = new Float32Array(rows.length * places.length);
  let offset = 0;
  for (const row of rows) {
    if (row.fields.length !== names.length) {
      throw wrong(row.line, `${row.fields.length} fields where the header has ${names.length}`);
    }
    for (const place of places) {
      data[offset++] = readNumber(row.fields[place] ?? '', {
        line: row.line,
        column: names[place],
      });
    }
  }
  return tensor('float32', [rows.length, places.length], data);
}

interface Spot {
  readonly line: number;
  readonly column: string | undefined;
}

function readNumber(text: string, { line, column }: Spot): number {
  const trimmed = text.trim();
  if (trimmed === '') throw wrong(line, `column "${column}" is empty`);
  const value = Number(trimmed);
  if (Number.isFinite(value)) return value;
  throw wrong(line, `column "${column}" holds "${trimmed.slice(0, 40)}", which is no number`);
}

function readLabels(
  rows: readonly CsvRecord[],
  labelAt: number,
  options: CsvOptions,
): { readonly labels: Int32Array; readonly classes: readonly string[] } {
  const texts = rows.map((row) => row.fields[labelAt]?.trim() ?? '');
  const unnamed = rows[texts.indexOf('')];
  if (unnamed !== undefined) throw wrong(unnamed.line, `column "${options.labelColumn}" is empty`);
  const classes = options.classes ?? classesIn(texts);
  if (classes.length > limits.classes) {
    throw wrong(1, `${classes.length} classes where at most ${limits.classes} are allowed`);
  }
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const labels = texts.map((text, row) => {
    const number = numbers.get(text);
    if (number !== undefined) return number;
    throw wrong(rows[row]?.line ?? 0, `column "${options.labelColumn}" holds "${text}", no class`);
  });
  return { labels: Int32Array.from(labels), classes };
}

function classesIn(texts: readonly string[]): readonly string[] {
  const names = [...new Set(texts)];
  if (!names.every((name) => /^(0|[1-9]\d{0,5})$/.test(name))) return names.sort();
  const count = names.reduce((most, name) => Math.max(most, Number(name)), 0) + 1;
  return Array.from({ length: count }, (_, index) => String(index));
}

function wrong(line: number, what: string): FleetError {
  return new FleetError('invalid-argument', `CSV, line ${line}: ${what}.`);
}
