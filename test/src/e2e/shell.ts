import { type ChildProcess, spawn } from 'node:child_process';

interface ShellOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command line that runs beside the test. */
export interface Shell extends AsyncDisposable {
  /** Everything it has printed so far. */
  readonly output: string;
}

/** What a command line printed by its end. */
export interface ShellEnd {
  readonly status: number;
  readonly stdout: string;
  /** Both streams together. */
  readonly output: string;
}

/** Starts a line as a user would type it; disposing presses Ctrl-C. */
export function startShell(line: string, options: ShellOptions): Shell {
  const child = open(line, options);
  const ended = endOf(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  return {
    get output() {
      return output;
    },
    async [Symbol.asyncDispose]() {
      // The whole group, as a terminal does it.
      if (child.pid !== undefined && child.exitCode === null) signalGroup(child.pid, 'SIGINT');
      const timer = setTimeout(() => signalGroup(child.pid ?? 0, 'SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Runs a line to its end. */
export async function runShell(line: string, options: ShellOptions): Promise<ShellEnd> {
  const child = open(line, options);
  let stdout = '';
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { status: await endOf(child), stdout, output };
}

function open(line: string, { cwd, env }: ShellOptions): ChildProcess {
  return spawn('sh', ['-c', line], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group ended in the meantime.
  }
}
