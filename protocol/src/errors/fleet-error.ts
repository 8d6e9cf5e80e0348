import { type Code, isCode } from './codes.ts';

/** Small facts that go with an error; they may be shown to people. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

interface FleetErrorOptions {
  readonly cause?: unknown;
  readonly detail?: ErrorDetail;
}

/**
 * The one class for exceptional failures. The message starts with the code: `[unavailable] ...`.
 * The cause is for the log and never leaves the process.
 */
export class FleetError extends Error {
  override readonly name = 'FleetError';
  readonly code: Code;
  readonly detail: ErrorDetail;
  /** The message without its code. */
  readonly reason: string;

  constructor(code: Code, reason: string, options: FleetErrorOptions = {}) {
    super(
      `[${code}] ${reason}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.reason = reason;
    this.detail = options.detail ?? {};
  }

  /** Normalises whatever was thrown; called once at each boundary. */
  static from(thrown: unknown): FleetError {
    if (thrown instanceof FleetError) return thrown;
    if (thrown instanceof Error) return fromError(thrown);
    return new FleetError('internal', 'Something that is not an error was thrown.', {
      cause: thrown,
    });
  }
}

/** Marks a fault of ours: throws with code `internal` unless the condition holds. */
export function invariant(condition: unknown, reason: string): asserts condition {
  if (!condition) throw new FleetError('internal', reason);
}

const platformCodes: Readonly<Record<string, Code>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  SQLITE_FULL: 'disk-full',
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EADDRINUSE: 'port-in-use',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EPIPE: 'unavailable',
  ENOTFOUND: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ETIMEDOUT: 'timeout',
};

function fromError(error: Error): FleetError {
  const raw = 'code' in error ? error.code : undefined;
  if (error.name === 'AbortError')
    return new FleetError('canceled', error.message, { cause: error });
  if (error.name === 'TimeoutError')
    return new FleetError('timeout', error.message, { cause: error });
  const code = isCode(raw) ? raw : platformCodes[String(raw)];
  return new FleetError(code ?? 'internal', error.message, { cause: error });
}
