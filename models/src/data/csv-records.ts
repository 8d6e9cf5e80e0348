import { FleetError } from '@edgewise/protocol';

/** One record of a CSV file. */
export interface CsvRecord {
  /** Line on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Splits CSV into records (RFC 4180): quoted fields may hold separators, line breaks and doubled
 * quotes. Lines that are empty are left out. Throws `invalid-argument` with the line.
 */
export function readRecords(bytes: Uint8Array): readonly CsvRecord[] {
  const text = decodeText(bytes);
  const separator = separatorOf(text);
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const record = readRecord(text, { at, line, separator });
    const isEmpty = record.fields.length === 1 && record.fields[0]?.trim() === '';
    if (!isEmpty) records.push({ line, fields: record.fields });
    at = record.end;
    line = record.nextLine;
  }
  return records;
}

interface Start {
  readonly at: number;
  readonly line: number;
  readonly separator: string;
}

function readRecord(text: string, { at, line, separator }: Start) {
  const fields: string[] = [];
  let end = at;
  let nextLine = line;
  for (;;) {
    const field = text[end] === '"' ? quoted(text, end, line) : plain(text, end, separator);
    fields.push(field.value);
    nextLine += field.lineBreaks;
    end = field.end;
    if (text[end] === separator) end++;
    else break;
  }
  if (end < text.length && text[end] !== '\n' && text[end] !== '\r') {
    throw wrong(nextLine, 'text follows a closing quote');
  }
  if (text[end] === '\r' && text[end + 1] === '\n') end++;
  return { fields, end: end + 1, nextLine: nextLine + 1 };
}

interface Field {
  readonly value: string;
  readonly end: number;
  readonly lineBreaks: number;
}

function plain(text: string, start: number, separator: string): Field {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') {
    end++;
  }
  return { value: text.slice(start, end), end, lineBreaks: 0 };
}

function quoted(text: string, start: number, line: number): Field {
  let end = start + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0) throw wrong(line, 'a quote is never closed');
    if (text[end + 1] !== '"') break;
    end += 2;
  }
  const value = text.slice(start + 1, end).replaceAll('""', '"');
  return { value, end: end + 1, lineBreaks: value.split('\n').length - 1 };
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const first = text.slice(0, Math.max(0, text.search(/[\r\n]|$/)));
  const count = (separator: string): number => first.split(separator).length;
  return [',', ';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FleetError('invalid-argument', 'CSV: the file is not text in UTF-8.', { cause });
  }
}

function wrong(line: number, what: string): FleetError {
  return new FleetError('invalid-argument', `CSV, line ${line}: ${what}.`);
}
