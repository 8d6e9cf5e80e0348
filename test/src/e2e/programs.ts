import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Where a program of the machine is; `undefined` when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/** For the `skip` option of a test: false, or the sentence that names what is missing. */
export function without(name: string): string | false {
  return findProgram(name) === undefined && `${name} is not installed`;
}

/** How a program ended and what it said. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, a minute at most. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ended> {
  const { cwd, env } = options;
  const settings = { cwd, env: { ...process.env, ...env }, timeout: 60_000 };
  return new Promise((resolve) => {
    const child = execFile(file, [...args], settings, (_, stdout, stderr) => {
      resolve({ status: child.exitCode ?? 1, stdout, stderr });
    });
  });
}
