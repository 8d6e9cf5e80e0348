import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.join(import.meta.dirname, '../../..');

/** Programs of the project, as files. */
export const programs = {
  hub: path.join(root, 'hub/src/main.ts'),
  agent: path.join(root, 'agent/src/main.ts'),
  console: path.join(root, 'desktop/src/build.ts'),
} as const;

/** Where the built pages of the console are; named here, since importing the builder takes its memory. */
export const consoleFolder = path.join(root, 'desktop/dist-web');

/** A program of the project in a process of its own. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Lines of its standard output so far. */
  readonly lines: readonly string[];
  /** The last lines of its log, for when it fails. */
  readonly log: readonly string[];
  /** Resolves to the next line of output that fits, also one that came before; rejects when the program ends first. */
  line(fits: (line: string) => boolean): Promise<string>;
  /** Resolves to the exit code. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Keeps the whole log as well. */
  readonly logFile?: string;
  /** The command that is Node.js, to be followed by its arguments; default the one that runs this. */
  readonly node?: Command;
}

/** A program and its first arguments. */
export type Command = readonly [file: string, ...args: string[]];

/** As the commands' own shims start them. */
const flags = [
  '--conditions=edgewise:source',
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=4',
];

/** Starts a program; its log is kept in memory, its last thousand lines. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env = {}, cwd = root, logFile, node = [process.execPath] }: StartOptions = {},
): Program {
  const [runner, ...before] = node;
  const child = spawn(runner, [...before, ...flags, file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const log: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const wake of waiting) wake();
  });
  if (logFile !== undefined) child.stderr.pipe(createWriteStream(logFile, { flags: 'a' }));
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (log.length > 1000) log.shift();
  });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  const name = `${path.basename(path.dirname(path.dirname(file)))} ${args.join(' ')}`;
  return {
    pid: child.pid ?? 0,
    lines,
    log,
    ended,
    kill: (signal) => child.kill(signal),
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void ended.then((code) =>
          reject(new Error(`"${name}" ended with ${code}:\n${log.slice(-20).join('\n')}`)),
        );
        look();
      }),
    [Symbol.asyncDispose]: () => stop(child, ended),
  };
}

const graceMs = 8000;

async function stop(child: ChildProcess, ended: Promise<number>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/** Resident memory of a process and all its descendants, bytes; 0 where /proc is missing. */
export function residentBytes(pid: number): number {
  const parents = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const entry of listProcesses()) {
    const status = readStatus(entry);
    if (!status) continue;
    parents.set(entry, status.parent);
    sizes.set(entry, status.residentBytes);
  }
  let sum = 0;
  for (const [candidate, size] of sizes) if (descends(candidate, pid, parents)) sum += size;
  return sum;
}

function listProcesses(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    // Not Linux: there is nothing to read.
    return [];
  }
}

function readStatus(
  pid: number,
): { readonly parent: number; readonly residentBytes: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { parent: field('PPid'), residentBytes: field('VmRSS') * 1024 };
  } catch {
    // The process ended between the listing and the look.
    return undefined;
  }
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === ancestor) return true;
  }
  return false;
}
