import { type Shell, shellEventNames } from './channels.ts';

/** The shell around the pages; undefined in a browser. */
export function findShell(page: Window): Shell | undefined {
  const found: unknown = Reflect.get(page, 'edgewiseShell');
  return isShell(found) ? found : undefined;
}

/** Follows what the shell says: links opened outside, and another hub. */
export function followShell(shell: Shell, page: Window): void {
  const [changed, open] = shellEventNames;
  shell.listen(changed, () => page.location.reload());
  shell.listen(open, ({ hash }) => {
    page.location.hash = hash;
  });
}

function isShell(value: unknown): value is Shell {
  return typeof value === 'object' && value !== null && 'ask' in value && 'listen' in value;
}
