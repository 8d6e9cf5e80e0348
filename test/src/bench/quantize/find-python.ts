import { execFile } from 'node:child_process';
import path from 'node:path';

/**
 * A Python with the packages of the peers: the first that has them of those in `EDGEWISE_PYTHON`,
 * separated as in PATH, else `python3` on the PATH; `undefined` when none has.
 */
export async function findPython(modules: readonly string[]): Promise<string | undefined> {
  const known = (process.env.EDGEWISE_PYTHON ?? 'python3').split(path.delimiter);
  for (const python of known) if (await hasModules(python, modules)) return python;
  return undefined;
}

function hasModules(python: string, modules: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(python, ['-c', `import ${modules.join(', ')}`], (failed) => resolve(failed === null));
  });
}
