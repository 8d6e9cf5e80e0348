import { homedir } from 'node:os';
import path from 'node:path';

/** Where what tests download is kept between runs: the user's cache folder, outside the checkout. */
export function cacheFolder(name: string): string {
  const base = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  return path.join(base, 'edgewise', name);
}
