/** The process that trains, so that the hub's event loop never does. It ends with its hub. */
import { setPriority } from 'node:os';
import { FleetError } from '@edgewise/protocol';
import type { FromWorker, ToWorker } from './messages.ts';
import { workOn } from './work.ts';

/** Below the hub and the agents of the same machine. */
const niceness = 5;

const stop = new AbortController();
const waiting = new Map<number, (answer: ToWorker) => void>();
let nextId = 1;

const send = (message: FromWorker): void => {
  process.send?.(message);
};

/** Sends a message that needs an answer. */
function ask(message: (id: number) => FromWorker): Promise<ToWorker> {
  const id = nextId++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    send(message(id));
  });
}

async function start(order: Extract<ToWorker, { kind: 'start' }>['order']): Promise<void> {
  try {
    await workOn(order, { send, ask, signal: stop.signal });
    send({ kind: 'done' });
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    send({ kind: 'failed', code, detail: reason });
  } finally {
    process.disconnect();
  }
}

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      void start(message.order);
      break;
    case 'cancel':
      stop.abort(new FleetError('canceled', 'A person stopped the run.'));
      break;
    case 'written':
    case 'signed':
    case 'refused':
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
      break;
  }
});
process.on('disconnect', () => process.exit());
setPriority(niceness);
