#!/usr/bin/env node
// Starts the command with a Node.js that is new enough. Plain JavaScript, since an old one reads it first.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(folder, 'src', 'main.ts');
const local = path.join(
  folder,
  '..',
  'node_modules',
  '.bin',
  process.platform === 'win32' ? 'node.cmd' : 'node',
);
const major = Number(process.versions.node.split('.')[0]);

if (existsSync(source)) {
  const node = existsSync(local) ? local : process.execPath;
  const flags = ['--conditions=edgewise:source', '--disable-warning=ExperimentalWarning'];
  const done = spawnSync(node, [...flags, source, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = done.status ?? 130;
} else if (major < 24) {
  console.error(`edgewise needs Node.js 24 or newer; this is ${process.version}.`);
  process.exitCode = 1;
} else {
  await import('../dist/main.js');
}
