import { build } from 'vite';
import { consoleFolder, pagesConfig } from './pages.ts';

/** Builds the pages and returns their folder. */
export async function buildConsole(outDir: string = consoleFolder): Promise<string> {
  await build({ ...pagesConfig(outDir), logLevel: 'error' });
  return outDir;
}
