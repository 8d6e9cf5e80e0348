import type { BenchResult } from './result.ts';

/** One line per figure: whether it holds, its name, value, bound and reference. */
export function tableOf(results: readonly BenchResult[]): string {
  const width = results.reduce((most, { name }) => Math.max(most, name.length), 0);
  return results.map((result) => lineOf(result, width)).join('\n');
}

function lineOf(result: BenchResult, width: number): string {
  const verdict = result.bound === null ? '      ' : result.holds ? 'ok    ' : 'FAILS ';
  const value = `${figure(result.value)} ${result.unit}`.padEnd(24);
  const bound = result.bound === null ? '' : `bound ${result.bound}`;
  const { reference, ratio } = result;
  const compared =
    reference === null || ratio === null
      ? ''
      : `reference ${figure(reference)} (ratio ${figure(ratio)})`;
  return `${verdict}${result.name.padEnd(width)}  ${value}${[bound, compared].filter(Boolean).join(', ')}`.trimEnd();
}

/** Four significant digits; whole numbers as they are. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
