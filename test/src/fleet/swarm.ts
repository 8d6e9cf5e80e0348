import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { FromWorker, PublishCount, ToWorker } from './messages.ts';

/** Worker processes full of simulated agents. */
export interface Swarm extends AsyncDisposable {
  readonly counts: readonly PublishCount[];
  /** Resolves when so many agents serve a version; rejects after `timeoutMs`. */
  untilServing(version: number, agents: number, timeoutMs: number): Promise<void>;
}

interface SwarmOptions {
  /** One enrolment token per device. */
  readonly tokens: readonly (readonly [device: string, token: string])[];
  readonly processes: number;
  /** For the keys of the devices. */
  readonly folder: string;
}

interface Worker {
  readonly child: ChildProcess;
  serving: Readonly<Record<number, number>>;
}

/** Starts the workers and resolves when every agent of theirs is enrolled and running. */
export async function startSwarm(options: SwarmOptions): Promise<Swarm> {
  const { tokens, processes, folder } = options;
  const looks = new Set<() => void>();
  let counts: readonly PublishCount[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  function hear(worker: Worker, message: FromWorker): void {
    if (message.kind === 'serving') worker.serving = message.versions;
    if (message.kind === 'publishes') counts = message.counts;
    if (message.kind === 'failed') failed.reject(new Error(message.detail));
    for (const look of looks) look();
  }

  const workers = Array.from({ length: processes }, (): Worker => {
    const file = path.join(import.meta.dirname, 'worker/main.ts');
    const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const worker: Worker = { child, serving: {} };
    child.on('message', (message) => hear(worker, message as FromWorker));
    child.on('exit', () => failed.reject(new Error('A worker of the simulation ended.')));
    return worker;
  });

  const swarm: Swarm = {
    get counts() {
      return counts;
    },
    async untilServing(version, agents, timeoutMs) {
      const reached = () =>
        workers.reduce((sum, { serving }) => sum + (serving[version] ?? 0), 0) >= agents;
      await Promise.race([failed.promise, until(reached, { looks, timeoutMs, version })]);
    },
    async [Symbol.asyncDispose]() {
      const gone = workers.map(({ child }) => end(child));
      await Promise.all(gone);
    },
  };

  try {
    const started = workers.map(({ child }, index) => {
      const share = tokens.filter((_, at) => at % processes === index);
      const observer = index === 0 ? share[0]?.[0] : undefined;
      const order: ToWorker = { kind: 'start', tokens: share, folder, observer };
      child.send(order);
      return whenReady(child);
    });
    await Promise.race([failed.promise, Promise.all(started)]);
  } catch (thrown) {
    await swarm[Symbol.asyncDispose]();
    throw thrown;
  }
  return swarm;
}

function whenReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if ((message as FromWorker).kind === 'ready') resolve();
    });
  });
}

interface Waiting {
  readonly looks: Set<() => void>;
  readonly timeoutMs: number;
  readonly version: number;
}

function until(reached: () => boolean, { looks, timeoutMs, version }: Waiting): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(timer);
      looks.delete(look);
      act();
    };
    const timer = setTimeout(() => {
      finish(() =>
        reject(new Error(`Version ${version} did not serve everywhere in ${timeoutMs} ms.`)),
      );
    }, timeoutMs);
    const look = () => {
      if (reached()) finish(resolve);
    };
    looks.add(look);
    look();
  });
}

const graceMs = 10_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const order: ToWorker = { kind: 'stop' };
  child.send(order);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}
