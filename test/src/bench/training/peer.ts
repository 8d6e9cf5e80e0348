import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { plainBatchSize } from './networks.ts';
import type { Measurement, Side } from './side.ts';

/** Frameworks that peer.py knows. */
export const frameworks = ['tensorflow', 'torch'] as const;
export type Framework = (typeof frameworks)[number];

/** A way in which a framework runs a step. */
export type Mode = 'compiled' | 'eager';

/** How each is asked for, and what is known of it. */
const modes: Readonly<
  Record<Framework, Readonly<Record<Mode, Partial<Side> & { readonly asked: string }>>>
> = {
  tensorflow: {
    compiled: { asked: 'compiled' },
    eager: { asked: 'eager', slower: 8, batchSizes: [plainBatchSize] },
  },
  torch: {
    // Compiling takes long for every batch size, and larger ones were no faster.
    compiled: { asked: 'compiled-channels-last', batchSizes: [plainBatchSize] },
    eager: { asked: 'eager-channels-last' },
  },
};

/** A Python process that trains what it is told. */
export interface Peer extends AsyncDisposable {
  readonly sides: Readonly<Record<Mode, Side>>;
}

/** Starts one; measuring rejects with what it last said when it ends early. */
export function startPeer(python: string, framework: Framework, threads: 1 | 2): Peer {
  const script = fileURLToPath(new URL('peer.py', import.meta.url));
  const process = spawn(python, [script, framework, String(threads)]);
  const ask = createAsk(process);
  const side = (mode: Mode): Side => {
    const { asked, ...facts } = modes[framework][mode];
    const name = `${framework} ${mode}`;
    return { name, threads, ...facts, measure: (work) => ask(asked, work) };
  };
  return {
    sides: { compiled: side('compiled'), eager: side('eager') },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => process.once('exit', resolve));
      if (process.exitCode !== null || !process.kill()) return;
      await ended;
    },
  };
}

function createAsk(process: ChildProcessWithoutNullStreams) {
  let said = '';
  process.stderr.on('data', (part: Buffer) => {
    said = `${said}${part.toString()}`.slice(-2000);
  });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return async (mode: string, { network, batchSize, steps }: Measurement): Promise<number> => {
    process.stdin.write(`${JSON.stringify({ net: network, mode, batchSize, steps })}\n`);
    const line = await lines.next();
    if (line.done === true) {
      throw new Error(`peer.py ended: ${said.trim().split('\n').at(-1) ?? ''}`);
    }
    return (JSON.parse(line.value) as { imagesPerSecond: number }).imagesPerSecond;
  };
}
