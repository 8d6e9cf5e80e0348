import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type LoopResult, runLoop } from './loop.ts';
import { createMemoryMeter } from './memory-meter.ts';
import { consoleFolder, programs, startProgram } from './processes.ts';
import { claims } from './report.ts';
import { createSay } from './say.ts';
import { type RunningHub, startHub } from './stack.ts';

const help = `npm start [-- OPTIONS]   the whole loop on MNIST: a hub, three agents, real MQTT

  --once          end after the loop; the last line of output is one JSON object, and the exit
                  code is 0 only if every stage did what it claims
  --seed N        order of the data, initial weights and moment of the drift (default 1)
  --port N        port of the console and the HTTP API (default 8320, with --once a free one)
  --folder DIR    keep everything there (default: a temporary folder that is removed)`;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    port: { type: 'string' },
    folder: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(help);
} else {
  const seed = Number(values.seed);
  const port = Number(values.port ?? (values.once ? 0 : 8320));
  if (!Number.isSafeInteger(seed) || seed < 0 || !Number.isInteger(port)) {
    console.error(help);
    process.exitCode = 2;
  } else {
    process.exitCode = await start({ seed, port, once: values.once, folder: values.folder });
  }
}

interface Start {
  readonly seed: number;
  readonly port: number;
  readonly once: boolean;
  readonly folder: string | undefined;
}

async function start({ seed, port, once, folder: given }: Start): Promise<number> {
  const startedAtMs = Date.now();
  const say = createSay(process.stderr);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const folder =
    given === undefined ? await mkdtemp(path.join(tmpdir(), 'edgewise-')) : path.resolve(given);
  using memory = createMemoryMeter();
  await using cleanup = new AsyncDisposableStack();
  if (given === undefined) cleanup.defer(() => rm(folder, { recursive: true, force: true }));

  say.stage('Starting the hub: embedded broker, embedded store');
  await buildConsole();
  const hub = await startHub({ folder: path.join(folder, 'hub'), port, consoleFolder });
  cleanup.use(hub.program);
  say.fact(`console and API at ${hub.address.url}, broker at ${hub.address.broker}`);
  say.fact(`open ${hub.address.signIn}`);

  let result: LoopResult;
  try {
    result = await runLoop({
      hub,
      folder,
      seed,
      say,
      memory,
      signal: stop.signal,
      startedAtMs,
      keep: cleanup,
    });
  } catch (thrown) {
    if (stop.signal.aborted) return 130;
    stop.abort();
    console.error(`The loop failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    console.error(hub.program.log.slice(-20).join('\n'));
    return 1;
  }
  say.stage('What was claimed');
  const verdict = claims(result.report, result.backdrop);
  for (const { sentence, holds } of verdict) say.fact(`${holds ? 'ok  ' : 'FAIL'}  ${sentence}`);
  if (!once) await keepRunning(hub, stop.signal);
  stop.abort();
  await cleanup.disposeAsync();
  console.log(JSON.stringify(result.report));
  return verdict.every(({ holds }) => holds) ? 0 : 1;
}

/** Builds the pages in a process of its own, so that the builder's memory goes with it. */
async function buildConsole(): Promise<void> {
  const program = startProgram(programs.console, []);
  if ((await program.ended) !== 0) {
    throw new Error(`The console could not be built:\n${program.log.join('\n')}`);
  }
}

async function keepRunning({ client, address }: RunningHub, signal: AbortSignal): Promise<void> {
  // The link from the start may have been used.
  const { code } = await client.call('createSignIn');
  console.error(
    `\nThe fleet keeps running. Console: ${address.url}/#/signin?code=${code}\nCtrl-C ends everything.`,
  );
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
