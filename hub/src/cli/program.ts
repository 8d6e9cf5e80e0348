import { FleetError } from '@edgewise/protocol';
import { Command, CommanderError } from 'commander';
import { addAlarms } from './commands/alarms.ts';
import { addCompare } from './commands/compare.ts';
import { addConsole } from './commands/console.ts';
import { addConvert } from './commands/convert.ts';
import { addDatasets } from './commands/datasets.ts';
import { addDevices } from './commands/devices.ts';
import { addExport } from './commands/export.ts';
import { addHub } from './commands/hub.ts';
import { addInspect } from './commands/inspect.ts';
import { addLabel } from './commands/label.ts';
import { addModels } from './commands/models.ts';
import { addPolicies } from './commands/policies.ts';
import { addQuantize } from './commands/quantize.ts';
import { addReproduce } from './commands/reproduce.ts';
import { addRollout, addRollouts } from './commands/rollout.ts';
import { addRuns } from './commands/runs.ts';
import { addStatus } from './commands/status.ts';
import { addSweeps } from './commands/sweeps.ts';
import { addTokens } from './commands/tokens.ts';
import { addTrain } from './commands/train.ts';
import { addWatch } from './commands/watch.ts';
import { addWhy } from './commands/why.ts';
import { prepareCommands } from './context.ts';
import { exitCodeOf, exitCodes, type Io } from './io.ts';

const about =
  'The closed loop of machine learning at the edge: train, shrink, deliver, watch, retrain.';

const more = `
A first hour:
  edgewise hub --folder my-hub                   start a hub; it prints an admin token once
  export EDGEWISE_TOKEN=ew_...                   that token
  edgewise datasets import digits data.npz       bring your data
  edgewise train digits --dataset digits --recipe models/recipes/digits.json
  edgewise devices enrol                         a token for "edgewise-agent enrol TOKEN" on a device
  edgewise rollout digits 1                      bring the model to the devices
  edgewise watch                                 see predictions and events live

A hub on another machine:
  export EDGEWISE_HUB=https://192.168.1.20:8320  the address that it printed
  export EDGEWISE_FINGERPRINT=3f9a...            its key, printed below the address

Exit codes: 0 done (also hub and watch after Ctrl-C), 1 failed, 2 wrong usage, 3 hub not reachable,
4 not allowed, 5 refused by a gate or rollout, 130 left with Ctrl-C before the end.`;

/** The whole `edgewise` command. */
export function createProgram(io: Io, version: string): Command {
  const program = new Command('edgewise')
    .description(about)
    .addHelpText('after', more)
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
    });
  prepareCommands(program);
  addHub(program, io, version);
  addStatus(program, io);
  addDevices(program, io);
  addDatasets(program, io);
  addTrain(program, io);
  addRuns(program, io);
  addReproduce(program, io);
  addSweeps(program, io);
  addModels(program, io);
  addExport(program, io);
  addPolicies(program, io);
  addQuantize(program, io);
  addInspect(program, io);
  addCompare(program, io);
  addConvert(program, io);
  addRollout(program, io);
  addRollouts(program, io);
  addAlarms(program, io);
  addLabel(program, io);
  addWhy(program, io);
  addWatch(program, io);
  addConsole(program, io);
  addTokens(program, io);
  return program;
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
    if (argv.includes('--json'))
      io.print(JSON.stringify({ error: { code: error.code, detail: error.reason } }));
    else io.note(`edgewise: ${error.message}`);
    if (error.code === 'internal' && error.cause instanceof Error) io.note(error.cause.stack ?? '');
    const hasLeft = io.signal.aborted && error.code === 'canceled';
    io.setExitCode(hasLeft ? exitCodes.left : exitCodeOf(error));
  }
}
