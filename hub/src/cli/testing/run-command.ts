import { exitCodes, type Io } from '../io.ts';
import { runProgram } from '../program.ts';

/** What a command line said. */
export interface Said {
  readonly out: string;
  readonly notes: string;
  readonly code: number;
}

/** Runs a command line in a folder, as from a shell that is no terminal. */
export const runCommand = (folder: string, ...argv: readonly string[]): Promise<Said> =>
  runCommandWith(folder, {}, ...argv);

/** The same, watched. */
export async function runCommandWith(
  folder: string,
  { onProgress = () => undefined }: { readonly onProgress?: (line: string) => void },
  ...argv: readonly string[]
): Promise<Said> {
  const [out, notes]: [string[], string[]] = [[], []];
  let code: number = exitCodes.done;
  const io: Io = {
    print: (line) => out.push(line),
    note: (line) => notes.push(line),
    progress: onProgress,
    ...{ interactive: false, env: {}, cwd: folder, signal: new AbortController().signal },
    setExitCode: (value) => {
      code = value;
    },
  };
  await runProgram(argv, io, '9.9.9');
  return { out: out.join('\n'), notes: notes.join('\n'), code };
}
