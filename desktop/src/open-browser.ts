import { spawn } from 'node:child_process';

/** The command of a platform that opens an address in the browser. */
export function browserCommand(platform: string, url: string): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['explorer', url];
  return ['xdg-open', url];
}

/** A command that runs this long without failing has opened its browser. */
const patienceMs = 3_000;

/** Opens an address in the browser; false where there is none to open it with. */
export function openBrowser(platform: string, url: string): Promise<boolean> {
  const [command, ...args] = browserCommand(platform, url);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => {
      child.unref();
      resolve(true);
    }, patienceMs);
    const settle = (opened: boolean) => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0 || platform === 'win32'));
  });
}
