import { pino } from 'pino';
import type { Log } from '../core/log.ts';

/** Levels of the log, most talkative first. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A log that remembers its newest lines. */
export interface RememberingLog extends Log {
  /** The newest lines, oldest first. */
  lines(count: number): readonly string[];
}

const remembered = 200;

/** Writes one JSON object per line. */
export function createPinoLog(options: {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
}): RememberingLog {
  const kept: string[] = [];
  const write = (line: string) => {
    kept.push(line.trimEnd());
    if (kept.length > remembered) kept.shift();
    options.write(line);
  };
  const logger = pino({ level: options.level, base: null }, { write });
  return {
    info: (facts, text) => logger.info(facts, text),
    warn: (facts, text) => logger.warn(facts, text),
    error: (facts, text) => logger.error(facts, text),
    lines: (count) => kept.slice(-count),
  };
}
