import { detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import { Command, CommanderError, Option } from 'commander';
import { enrol } from '../enrol/enrol.ts';
import { parseToken } from '../enrol/token.ts';
import { createPinoLog, type LogLevel, logLevels } from '../node/pino-log.ts';
import { exitCodeOf, exitCodes, type Io } from './io.ts';
import { runDevice } from './run-device.ts';
import { describeStatus, readStatus } from './status.ts';

const about = 'Runs signed models on this device and reports to its hub.';

const more = `
A first device:
  edgewise-agent enrol ew1.eyJ1cmwi... --folder pi      with the token that "edgewise devices enrol" printed
  edgewise-agent run --folder pi --source http:8080     then: curl --json '{"items":[[...]]}' http://127.0.0.1:8080/v1/predict
  edgewise-agent status --folder pi

Exit codes: 0 done (also run after Ctrl-C), 1 failed, 2 wrong usage, 3 hub not reachable, 4 not allowed.`;

const sourceHelp = `where inputs come from; may be given several times:
  replay:FILE?rate=10&loop=true&from=0&count=1000   recorded inputs (IDX, also gzipped, .npy, .npz or .csv?label=COLUMN), items per second; rate=0 is as fast as it goes
  http:8080                                         POST /v1/predict with {"items":[...]} or raw bytes, on this machine only
  serial:/dev/ttyUSB0?baud=115200                   one line of JSON per input, answered by one line`;

/** The whole `edgewise-agent` command. */
export function createProgram(io: Io, version: string): Command {
  const folder = new Option('--folder <dir>', "the device's folder: key, identity, models, outbox")
    .default('edgewise-agent')
    .env('EDGEWISE_AGENT_FOLDER');
  const program = new Command('edgewise-agent')
    .description(about)
    .addHelpText('after', more)
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
    });
  addEnrol(program, { io, version, folder });
  addRun(program, { io, version, folder });
  addStatus(program, { io, version, folder });
  return program;
}

interface Context {
  readonly io: Io;
  readonly version: string;
  readonly folder: Option;
}

function addEnrol(program: Command, { io, version, folder }: Context): void {
  program
    .command('enrol')
    .description('Join the fleet of a hub, with a one-time token from it.')
    .argument('<token>', 'what "edgewise devices enrol" printed')
    .addOption(folder)
    .option('--name <id>', 'the name this device would like: letters, digits and hyphens')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  edgewise-agent enrol $(edgewise devices enrol) --folder pi --name kitchen',
    )
    .action(async (token: string, options: { folder: string; name?: string; json?: true }) => {
      const { enrolment } = await enrol(parseToken(token), {
        folder: options.folder,
        deviceClass: detectDeviceClass(),
        agentVersion: version,
        ...(options.name === undefined ? {} : { name: options.name }),
      });
      const { device, fleet, hub, broker } = enrolment;
      if (options.name !== undefined && options.name !== device) {
        io.note(
          `This folder's key is known to the hub as ${device}; "${options.name}" was not used.`,
        );
      }
      if (options.json) io.print(JSON.stringify({ device, fleet, hub, broker }));
      else {
        io.print(`This is now device ${device} of fleet ${fleet}.`);
        io.print(`Next: edgewise-agent run --folder ${options.folder} --source http:8080`);
      }
    });
}

interface RunFlags {
  readonly folder: string;
  readonly source: readonly string[];
  readonly logLevel: LogLevel;
  readonly json?: true;
}

function addRun(program: Command, { io, version, folder }: Context): void {
  const level = new Option('--log-level <level>', 'how much is logged to stderr')
    .choices([...logLevels])
    .default('info');
  program
    .command('run')
    .description('Run the device until SIGTERM or Ctrl-C.')
    .addOption(folder)
    .option('--source <spec>', sourceHelp, (spec, all: readonly string[]) => [...all, spec], [])
    .addOption(level)
    .option('--json', 'print one JSON document once it runs: {"device","instance","urls"}')
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise-agent run --folder pi --source http:8080\n  edgewise-agent run --folder pi --source "replay:pumps.csv?label=state&rate=5&loop=true"\n\nWithout its hub it goes on serving, keeps what it has to report, and connects again by itself.',
    )
    .action(async (flags: RunFlags) => {
      // A restart that the hub orders starts the agent again, and is no news to whoever reads stdout.
      let isTold = false;
      const log = createPinoLog({
        level: flags.logLevel,
        write: (line) => io.note(line.trimEnd()),
      });
      await runDevice({
        folder: flags.folder,
        sources: flags.source,
        agentVersion: version,
        log,
        rssBytes: () => io.rssBytes(),
        signal: io.signal,
        onStarted: (started) => {
          if (isTold) return;
          isTold = true;
          if (flags.json) io.print(JSON.stringify(started));
          else io.print(`${started.device} runs. ${started.urls.join(' ')}`.trimEnd());
        },
      });
    });
}

function addStatus(program: Command, { io, folder }: Context): void {
  program
    .command('status')
    .description('Show the device of a folder: identity, slots, refused bundles.')
    .addOption(folder)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  edgewise-agent status --folder pi')
    .action(async (options: { folder: string; json?: true }) => {
      const status = await readStatus(options.folder);
      if (options.json) io.print(JSON.stringify(status));
      else for (const line of describeStatus(status)) io.print(line);
    });
}

/** Runs one command line and says what went wrong in one sentence and an exit code. */
export async function runProgram(argv: readonly string[], io: Io, version: string): Promise<void> {
  try {
    await createProgram(io, version).parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode !== 0) io.setExitCode(exitCodes.usage);
      return;
    }
    const error = FleetError.from(thrown);
    const { code, reason } = error;
    if (argv.includes('--json')) io.print(JSON.stringify({ error: { code, detail: reason } }));
    else io.note(`edgewise-agent: ${error.message}`);
    if (code === 'internal' && error.cause instanceof Error) io.note(error.cause.stack ?? '');
    io.setExitCode(exitCodeOf(error));
  }
}
