import { execFile } from 'node:child_process';

const timeoutMs = 300_000;

/** Runs a tool to its end and gives its output; rejects with one sentence that says what it said. */
export function runTool(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  const env = { ...process.env, ...options.env, LC_ALL: 'C' };
  return new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      { cwd: options.cwd, env, timeout: timeoutMs },
      (failure, out, err) => {
        if (failure === null) resolve(out);
        else reject(new Error(reasonOf(file, failure, err)));
      },
    );
  });
}

function reasonOf(
  file: string,
  failure: Error & { readonly code?: unknown },
  said: string,
): string {
  if (failure.code === 'ENOENT') return `${file} is not installed`;
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => /^(E|npm error|dpkg.*error):?/.test(text)) ?? lines.at(-1);
  return `${file} failed: ${(line ?? failure.message).slice(0, 300)}`;
}
