import type { FleetError } from '@edgewise/protocol';

/** What a command may touch of the process it runs in. */
export interface Io {
  /** The answer: one line of text, or one JSON document. */
  print(line: string): void;
  /** Remarks and log lines; never mixed into the answer. */
  note(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  rssBytes(): number;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  setExitCode(code: number): void;
}

/** Exit codes, for scripts and supervisors. */
export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3, denied: 4 } as const;

/** Which exit code an error stands for. */
export function exitCodeOf(error: FleetError): number {
  switch (error.code) {
    case 'unavailable':
    case 'timeout':
      return exitCodes.unreachable;
    case 'unauthenticated':
    case 'forbidden':
    case 'expired':
    case 'token-used':
      return exitCodes.denied;
    case 'invalid-argument':
      return exitCodes.usage;
    default:
      return exitCodes.failed;
  }
}
