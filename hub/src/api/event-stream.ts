import type { ServerResponse } from 'node:http';
import { mebibytes, seconds } from '@edgewise/protocol';
import type { EventLog } from './event-log.ts';

/** A reader that leaves this much unread is cut off; it resumes with Last-Event-ID. */
const unreadBytes = mebibytes(2);
/** A withdrawn token ends its streams within this span. */
const beatMs = seconds(15);

interface EventStreamOptions {
  readonly lastId: string | undefined;
  readonly predictions: boolean;
  readonly signal: AbortSignal;
  /** Rejects when the reader's token was withdrawn. */
  readonly recheck: () => Promise<unknown>;
  /** Span between two signs of life, each with a look at the token; default 15 s. */
  readonly heartbeatMs?: number;
}

/** Writes the event log to one reader as server-sent events (WHATWG HTML 9.2) until either side ends it. */
export function streamEvents(
  log: EventLog,
  response: ServerResponse,
  options: EventStreamOptions,
): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 1000\n\n');
  const stop = log.follow(options.lastId, ({ id, event }) => {
    if (event.kind === 'prediction' && !options.predictions) return;
    response.write(`id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
    if (response.writableLength > unreadBytes) response.destroy();
  });
  const heartbeat = setInterval(() => {
    response.write(':\n\n');
    options.recheck().catch(() => response.destroy());
  }, options.heartbeatMs ?? beatMs);
  const end = () => {
    clearInterval(heartbeat);
    stop();
    options.signal.removeEventListener('abort', end);
    response.end();
  };
  response.once('close', end);
  options.signal.addEventListener('abort', end, { once: true });
}
