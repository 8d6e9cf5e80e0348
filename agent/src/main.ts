import { readFileSync } from 'node:fs';
import type { Io } from './cli/io.ts';
import { runProgram } from './cli/program.ts';

/** One Ctrl-C arrives from the terminal and again from npx and the command in bin, which hand it on. */
const echoMs = 1000;

const stop = new AbortController();
let stoppedAtMs = 0;
const end = () => {
  if (!stop.signal.aborted) stoppedAtMs = performance.now();
  // Asked twice: somebody does not want to wait for the goodbye.
  else if (performance.now() - stoppedAtMs > echoMs) process.exit(130);
  stop.abort();
};
process.on('SIGINT', end);
process.on('SIGTERM', end);
// The command in bin was killed; it cannot hand signals on any more.
process.once('disconnect', end);
process.channel?.unref();

const io: Io = {
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  env: process.env,
  rssBytes: () => process.memoryUsage.rss(),
  signal: stop.signal,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};
const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

await runProgram(process.argv.slice(2), io, version);
