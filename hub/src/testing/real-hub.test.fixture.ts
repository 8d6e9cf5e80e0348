import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { exitCodes } from '../cli/io.ts';
import { runProgram } from '../cli/program.ts';
import { type Client, createClient } from '../client/client.ts';
import { createHub, type Hub } from '../hub.ts';

/** A whole hub in a folder of its own, and the command line that talks to it. */
export interface RealHub extends AsyncDisposable {
  /** Where the command line runs. */
  readonly folder: string;
  readonly client: Client;
  /** Runs `edgewise ...` with address and token of the hub. */
  run(...argv: string[]): Promise<Said>;
  /** Ends the hub as a closing one does and starts the next over the same folder. */
  restart(): Promise<void>;
}

/** What a command said. */
export interface Said {
  readonly out: string;
  readonly notes: string;
  readonly code: number;
}

/** Starts a hub on free ports. */
export async function startRealHub(): Promise<RealHub> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-hub-'));
  const start = (): Promise<Hub> =>
    createHub({
      ...{ folder: path.join(folder, 'hub'), host: '127.0.0.1', port: 0, brokerPort: 0 },
      ...{ fleet: 'home', version: '9.9.9', logger: pino({ level: 'silent' }) },
    });
  let hub = await start();
  const token = hub.firstToken ?? '';
  return {
    folder,
    get client() {
      return createClient(hub.url, token);
    },
    async run(...argv) {
      const out: string[] = [];
      const notes: string[] = [];
      let code: number = exitCodes.done;
      await runProgram(
        [...argv, '--hub', hub.url, '--token', token],
        {
          ...{ print: (line) => out.push(line), note: (line) => notes.push(line) },
          ...{ progress: () => undefined, interactive: false, env: {}, cwd: folder },
          signal: new AbortController().signal,
          setExitCode: (value) => {
            code = value;
          },
        },
        '9.9.9',
      );
      return { out: out.join('\n'), notes: notes.join('\n'), code };
    },
    async restart() {
      await hub[Symbol.asyncDispose]();
      hub = await start();
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
