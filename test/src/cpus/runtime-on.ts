import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Runtime } from '@edgewise/models/runtime';
import type { DeviceClass } from '@edgewise/protocol';
import type { Machine } from './machines.ts';
import type { Reply } from './plain.ts';
import { createRemoteRuntime } from './remote-runtime.ts';

/** ONNX Runtime in a process on another processor; disposing ends the process. */
export interface RuntimeElsewhere extends AsyncDisposable {
  readonly name: string;
  readonly runtime: Runtime;
  /** What an agent there takes itself for. */
  readonly deviceClass: DeviceClass;
}

const program = path.join(import.meta.dirname, 'serve-runtime.ts');

/** Starts ONNX Runtime on a machine. Rejects with the end of its log when it cannot run there. */
export async function startRuntimeOn({ processor, node }: Machine): Promise<RuntimeElsewhere> {
  const [file, ...args] = node;
  const child = spawn(file, [...args, '--conditions=edgewise:source', program], {
    cwd: path.dirname(program),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(`${code ?? signal}`));
    child.once('error', ({ message }) => resolve(message));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`${processor.name} ended with ${await ended}:\n${log}`);
    return JSON.parse(value);
  };
  const hello = (await next()) as { readonly deviceClass: DeviceClass; readonly build: string };
  let last: Promise<unknown> = Promise.resolve();
  const ask = (request: object): Promise<Reply> => {
    const reply = last.then(() => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next() as Promise<Reply>;
    });
    last = reply.catch(() => undefined);
    return reply;
  };
  return {
    name: processor.name,
    runtime: createRemoteRuntime(ask, { name: processor.name, build: hello.build }),
    deviceClass: hello.deviceClass,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
