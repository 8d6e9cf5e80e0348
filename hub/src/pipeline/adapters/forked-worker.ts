import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FleetError, seconds } from '@edgewise/protocol';
import type { FromWorker, ToWorker, TrialOrder, WorkOrder } from '../worker/messages.ts';
import type { Worker, WorkListener, WorkOutcome } from '../worker.ts';

/** How long a canceled worker may take to end by itself. */
const graceMs = seconds(5);

/** Runs each job in a process of its own, with the hub's own Node and its flags. */
export function createForkedWorker(): Worker<WorkOrder | TrialOrder> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`../worker/main.${extension}`, import.meta.url));
  return {
    run(order, listener, signal) {
      const child = fork(entry, { serialization: 'advanced' });
      const send = (message: ToWorker): void => {
        if (child.connected) child.send(message);
      };
      const cancel = (): void => {
        send({ kind: 'cancel' });
        setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
      };
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
      send({ kind: 'start', order });
      return outcomeOf(child, send, listener).finally(() =>
        signal.removeEventListener('abort', cancel),
      );
    },
  };
}

function outcomeOf(
  child: ChildProcess,
  send: (message: ToWorker) => void,
  listener: WorkListener,
): Promise<WorkOutcome> {
  return new Promise((resolve) => {
    let outcome: WorkOutcome | undefined;
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'done') outcome = { ok: true };
      else if (message.kind === 'failed') {
        outcome = { ok: false, code: message.code, detail: message.detail };
      } else void handle(message, send, listener);
    });
    child.on('error', (thrown) => {
      const { code, reason } = FleetError.from(thrown);
      resolve({ ok: false, code, detail: reason });
    });
    child.on('exit', (status, signal) => {
      const detail = `The worker ended with ${signal ?? `exit code ${status}`}.`;
      resolve(outcome ?? { ok: false, code: 'unavailable', detail });
    });
  });
}

type Said = Exclude<FromWorker, { kind: 'done' } | { kind: 'failed' }>;

async function handle(
  message: Said,
  send: (message: ToWorker) => void,
  listener: WorkListener,
): Promise<void> {
  switch (message.kind) {
    case 'step':
      return listener.step(message.step);
    case 'progress':
      return listener.progress(message.progress, message.imagesPerSecond);
    case 'metric':
      return listener.metric(message.metric);
    case 'trainer':
      return listener.trainer(message.engine);
  }
  const { id } = message;
  try {
    if (message.kind === 'sign') {
      send({ kind: 'signed', id, signature: await listener.sign(message.bytes) });
      return;
    }
    if (message.kind === 'checkpoint') await listener.checkpoint(message.digest);
    else await listener.result(message.step, message.digest);
    send({ kind: 'written', id });
  } catch (thrown) {
    send({ kind: 'refused', id, detail: FleetError.from(thrown).reason });
  }
}
