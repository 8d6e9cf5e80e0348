import { type Command, FleetError } from '@edgewise/protocol';
import type { Log } from '../core/log.ts';
import type { CommandResult } from './receiver.ts';

interface ObedienceParts {
  readonly log: Log;
  readonly onRestart: () => void;
  /** The newest lines of the log, oldest first. */
  readonly lines: (count: number) => readonly string[];
  /** Starts to keep inputs as a `capture` command asks. */
  readonly capture: (command: Command) => void;
}

/** Carries commands out. */
export function createObedience(parts: ObedienceParts) {
  return (command: Command): Promise<CommandResult> => Promise.resolve(obey(parts, command));
}

function obey({ log, onRestart, lines, capture }: ObedienceParts, command: Command): CommandResult {
  const { body } = command;
  switch (body.kind) {
    case 'ping':
      return {};
    case 'identify':
      log.warn({ identify: true }, 'Here I am: somebody asks which device this is.');
      return {};
    case 'restart':
      onRestart();
      return { detail: 'Restarting.' };
    case 'logs':
      return { lines: lines(body.lines) };
    case 'capture':
      capture(command);
      return { detail: 'Capturing.' };
    default:
      throw new FleetError('unsupported', 'This agent does not know that command.');
  }
}
