import { execFile } from 'node:child_process';

/**
 * A Python with the packages of the peers: `EDGEWISE_PYTHON`, else `python3` on the PATH;
 * `undefined` when it lacks one of them or does not start.
 */
export function findPython(modules: readonly string[]): Promise<string | undefined> {
  const python = process.env.EDGEWISE_PYTHON ?? 'python3';
  return new Promise((resolve) => {
    execFile(python, ['-c', `import ${modules.join(', ')}`], (failed) =>
      resolve(failed === null ? python : undefined),
    );
  });
}
