import type { Io } from './io.ts';

/** The process this command runs in. Ctrl-C and SIGTERM abort its signal; a second Ctrl-C ends it at once. */
export function createTerminal(): Io {
  const stop = new AbortController();
  const end = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.stdout.on('error', end);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  let drawn = '';
  const clear = () => {
    if (drawn !== '' && interactive) process.stderr.write('\r\x1b[2K');
    drawn = '';
  };
  return {
    interactive,
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
    print(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    progress(line) {
      if (line === drawn) return;
      if (interactive) process.stderr.write(`\r\x1b[2K${line}`);
      else process.stderr.write(`${line}\n`);
      drawn = line;
    },
    setExitCode(code) {
      process.exitCode = code;
    },
  };
}
