import type { Io } from './io.ts';

/** One Ctrl-C arrives from the terminal and again from npx and the command in bin, which hand it on. */
const echoMs = 1000;

/** The process this command runs in. Ctrl-C and SIGTERM abort its signal; a second Ctrl-C ends it at once. */
export function createTerminal(): Io {
  const stop = new AbortController();
  let stoppedAtMs = 0;
  const end = () => {
    if (!stop.signal.aborted) stoppedAtMs = performance.now();
    else if (performance.now() - stoppedAtMs > echoMs) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  // The command in bin was killed; it cannot hand signals on any more.
  process.once('disconnect', end);
  process.channel?.unref();
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
