import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { exitCodes } from '../cli/io.ts';
import { runProgram } from '../cli/program.ts';
import { type Client, createClient } from '../client/client.ts';

/** A whole hub in a process and folder of its own, and the command line that talks to it. */
export interface RealHub extends AsyncDisposable {
  /** Where the command line runs. */
  readonly folder: string;
  readonly client: Client;
  /** Runs `edgewise ...` with address and token of the hub. */
  run(...argv: string[]): Promise<Said>;
  /** Kills the hub's process and starts the next over the same folder. */
  killAndRestart(): Promise<void>;
}

/** What a command said. */
export interface Said {
  readonly out: string;
  readonly notes: string;
  readonly code: number;
}

interface HubProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Only of the first over a folder. */
  readonly token?: string;
}

/** Starts a hub on free ports. */
export async function startRealHub(): Promise<RealHub> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-hub-'));
  let hub = await startProcess(path.join(folder, 'hub'));
  const token = hub.token ?? '';
  return {
    folder,
    get client() {
      return createClient(hub.url, token);
    },
    run: (...argv) => runCommand([...argv, '--hub', hub.url, '--token', token], folder),
    async killAndRestart() {
      await end(hub.child, 'SIGKILL');
      hub = await startProcess(path.join(folder, 'hub'));
    },
    async [Symbol.asyncDispose]() {
      await end(hub.child, 'SIGTERM');
      await rm(folder, { recursive: true });
    },
  };
}

async function startProcess(folder: string): Promise<HubProcess> {
  const main = path.join(import.meta.dirname, '../main.ts');
  const free = ['--port', '0', '--broker-port', '0', '--log-level', 'error', '--json'];
  const child = fork(main, ['hub', '--folder', folder, ...free], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  for await (const line of createInterface(child.stdout as Readable)) {
    return { child, ...(JSON.parse(line) as Omit<HubProcess, 'child'>) };
  }
  throw new Error(`The hub ended with ${child.exitCode} before it was ready.`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

async function runCommand(argv: readonly string[], cwd: string): Promise<Said> {
  const out: string[] = [];
  const notes: string[] = [];
  let code: number = exitCodes.done;
  await runProgram(
    [...argv],
    {
      ...{ print: (line) => out.push(line), note: (line) => notes.push(line) },
      ...{ progress: () => undefined, interactive: false, env: {}, cwd },
      signal: new AbortController().signal,
      setExitCode: (value) => {
        code = value;
      },
    },
    '9.9.9',
  );
  return { out: out.join('\n'), notes: notes.join('\n'), code };
}
