// The program behind `npm run desktop [ADDRESS]`.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildShell } from './build-shell.ts';
import { electronBinary } from './electron-binary.ts';
import { openBrowser } from './open-browser.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const address = positionals[0] ?? 'http://127.0.0.1:8320/';
const say = (line: string) => writeSync(1, `${line}\n`);

const electron = electronBinary(
  path.dirname(createRequire(import.meta.url).resolve('electron/package.json')),
);
if (electron === undefined) {
  say('Electron’s program is not here. Get it with: npx install-electron');
  const opened = await openBrowser(os.platform(), address);
  say(
    opened
      ? `The browser shows the same console: ${address}`
      : `Open the same console in a browser: ${address}`,
  );
} else {
  const main = await buildShell();
  spawn(electron, [main, address], { stdio: 'inherit' });
}
