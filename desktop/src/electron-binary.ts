import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Path of Electron's program below its package folder; undefined where it was never downloaded
 * (the package comes without it and fetches it at its first run).
 */
export function electronBinary(packageFolder: string): string | undefined {
  const pathFile = path.join(packageFolder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const program = path.join(packageFolder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(program) ? program : undefined;
}
