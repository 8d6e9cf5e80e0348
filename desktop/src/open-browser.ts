import { spawn } from 'node:child_process';

/** The command of a platform that opens an address in the browser. */
export function browserCommand(platform: string, url: string): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['explorer', url];
  return ['xdg-open', url];
}

/** Opens an address in the browser; false where there is none to open it with. */
export function openBrowser(platform: string, url: string): Promise<boolean> {
  const [command, ...args] = browserCommand(platform, url);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0 || platform === 'win32'));
    child.unref();
  });
}
