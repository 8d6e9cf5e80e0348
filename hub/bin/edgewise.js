#!/usr/bin/env node
// Starts the command with a Node.js that is new enough. Plain JavaScript, since an old one reads it first.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(folder, 'src', 'main.ts');
const windows = process.platform === 'win32';
const local = path.join(folder, '..', 'node_modules', '.bin', windows ? 'node.cmd' : 'node');

/**
 * In the workspace: runs the sources under the local Node.js, and hands signals on. The channel
 * tells the hub when this process is killed, so that it does not go on without it.
 */
function runSources() {
  const node = existsSync(local) ? local : process.execPath;
  // A small young generation: a device has better uses for 40 MB.
  const flags = [
    '--conditions=edgewise:source',
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=4',
  ];
  const pages = path.join(folder, '..', 'desktop', 'dist-web');
  const env = { ...process.env };
  // The pages of this checkout, once they are built.
  if (existsSync(path.join(pages, 'index.html'))) env.EDGEWISE_CONSOLE ??= pages;
  const child = spawn(node, [...flags, source, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 130);
  });
}

if (existsSync(source)) {
  runSources();
} else if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`edgewise needs Node.js 24 or newer; this is ${process.version}.`);
  process.exitCode = 1;
} else {
  await import('../dist/main.js');
}
