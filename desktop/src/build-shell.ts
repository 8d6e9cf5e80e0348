import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'electron-vite';

/** The desktop package's folder. */
export const desktopFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Builds main, preload and pages of the shell; returns the main script. Needs no Electron binary. */
export async function buildShell(): Promise<string> {
  await build({
    root: desktopFolder,
    configFile: path.join(desktopFolder, 'electron.vite.config.ts'),
    logLevel: 'error',
  });
  return path.join(desktopFolder, 'out', 'main', 'main.js');
}
