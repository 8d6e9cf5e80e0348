import { FleetError, mebibytes } from '@edgewise/protocol';
import type { Item } from '../inference/items.ts';
import { createLineSplitter } from './lines.ts';
import type { Sink, Source } from './source.ts';

interface SerialOptions {
  readonly path: string;
  /** Bits per second. */
  readonly baudRate: number;
}

/**
 * Inputs by serial port: one line of JSON each, answered by one line of JSON in the same order. A
 * line is an array (one item) or `{"items": [...]}`. Rejects with `unavailable` when the port closes.
 */
export function createSerialSource(options: SerialOptions): Source {
  return {
    name: `serial:${options.path}`,
    async run(sink, signal) {
      const port = await open(options);
      const split = createLineSplitter(mebibytes(1));
      const ended = Promise.withResolvers<void>();
      let last: Promise<void> = Promise.resolve();
      const reply = (value: unknown) => {
        port.write(`${JSON.stringify(value)}\n`);
      };
      port.on('data', (chunk: Uint8Array) => {
        for (const line of linesOf(split, chunk)) {
          last = last.then(() => respond(sink, line)).then(reply, ended.reject);
        }
      });
      const isClosed = new FleetError('unavailable', `${options.path} was closed.`);
      port.on('close', () => ended.reject(isClosed));
      port.on('error', (cause) =>
        ended.reject(new FleetError('unavailable', cause.message, { cause })),
      );
      const onAbort = () => ended.resolve();
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      try {
        await ended.promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
      }
    },
  };
}

async function open({ path, baudRate }: SerialOptions) {
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((cause) => {
      if (!cause) resolve();
      else reject(new FleetError('unavailable', `${path}: ${cause.message}`, { cause }));
    });
  });
  return port;
}

interface BrokenLine {
  readonly error: FleetError;
}

function linesOf(
  split: ReturnType<typeof createLineSplitter>,
  chunk: Uint8Array,
): readonly (string | BrokenLine)[] {
  try {
    return split(chunk);
  } catch (thrown) {
    return [{ error: FleetError.from(thrown) }];
  }
}

async function respond(sink: Sink, line: string | BrokenLine): Promise<unknown> {
  try {
    if (typeof line !== 'string') throw line.error;
    const answers = await sink.answer(itemsOf(line));
    return { predictions: answers.map(({ margin: _margin, ...answer }) => answer) };
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    return { error: { code, detail: reason } };
  }
}

function itemsOf(line: string): readonly Item[] {
  const value = parse(line);
  if (Array.isArray(value)) return [{ json: value }];
  if (typeof value === 'object' && value !== null && 'items' in value) {
    if (Array.isArray(value.items)) return value.items.map((json: unknown) => ({ json }));
  }
  throw new FleetError('invalid-argument', 'A line must be [numbers] or {"items": [...]}.');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new FleetError('malformed', 'The line is not JSON.', { cause });
  }
}
