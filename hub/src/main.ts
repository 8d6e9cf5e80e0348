import packageFile from '../package.json' with { type: 'json' };
import { runProgram } from './cli/program.ts';
import { createTerminal } from './cli/terminal.ts';

await runProgram(process.argv.slice(2), createTerminal(), packageFile.version);
