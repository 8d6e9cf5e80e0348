import { FleetError } from '@edgewise/protocol';

/** What a command may touch of the process it runs in. */
export interface Io {
  /** The answer: one line of text, or one JSON document. */
  print(line: string): void;
  /** Progress and remarks; never mixed into the answer. */
  note(line: string): void;
  /** Redraws the last progress line on a terminal; a plain line otherwise, and only when it says something new. */
  progress(line: string): void;
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  setExitCode(code: number): void;
}

/** Exit codes of the command, for scripts. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  refused: 5,
  left: 130,
} as const;

/** Which exit code an error stands for. */
export function exitCodeOf(error: FleetError): number {
  switch (error.code) {
    case 'unavailable':
    case 'timeout':
      return exitCodes.unreachable;
    case 'unauthenticated':
    case 'forbidden':
    case 'expired':
      return exitCodes.denied;
    case 'gate-failed':
    case 'conflict':
    case 'insufficient-data':
      return exitCodes.refused;
    case 'invalid-argument':
      return exitCodes.usage;
    default:
      return exitCodes.failed;
  }
}

/** Rows under headings, padded to the widest cell; numbers stand right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => String(row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A bar of 24 cells for a share from 0 to 1. */
export function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 24);
  return '█'.repeat(full) + '░'.repeat(24 - full);
}

/** A share as a percentage with two decimals; `-` for one that was not measured. */
export const percent = (share: number | null): string =>
  share === null ? '-' : `${(share * 100).toFixed(2)} %`;

/** Bytes in the unit that people read; `-` where nobody knows. */
export function sizeOf(bytes: number | null): string {
  if (bytes === null) return '-';
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024
    ? `${(bytes / 1024).toFixed(1)} KiB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** How long ago, in the largest unit that fits. */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129_600
    ? `${Math.round(seconds / 3600)} h ago`
    : `${Math.round(seconds / 86_400)} d ago`;
}

/** A whole number from an option. Throws `invalid-argument` that names the option. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new FleetError('invalid-argument', `${name} takes a whole number, not "${text}".`);
  }
  return value;
}

/** A whole number from 1 from an option. Throws `invalid-argument` that names the option. */
export function countFrom1(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new FleetError('invalid-argument', `${name} takes a whole number from 1, not "${text}".`);
}

/** A number from an option. Throws `invalid-argument` that names the option. */
export function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new FleetError('invalid-argument', `${name} takes a number, not "${text}".`);
}

/** A port from an option, 0 to 65535. Throws `invalid-argument` that names the option. */
export function portNumber(name: string, text: string): number {
  const value = wholeNumber(name, text);
  if (value <= 65_535) return value;
  throw new FleetError('invalid-argument', `${name} takes a port from 0 to 65535, not ${text}.`);
}
