#!/usr/bin/env node
// Writes what devices and hubs install, one .tgz for each package, into dist/ of the checkout.
// The built files go away again: a dist/ left in a workspace would be run in place of its sources
// by everything that forgets the source condition.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const packages = ['protocol', 'models', 'agent', 'hub'];
const target = path.join(root, 'dist');

function must(program, args) {
  const done = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} failed.`);
}

const build = (name) => {
  const dist = path.join(root, name, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const plain = ['--composite', 'false', '--incremental', 'false'];
  const maps = ['--sourceMap', 'false', '--declarationMap', 'false'];
  must('tsc', ['-p', name, '--outDir', dist, ...plain, ...maps]);
};

mkdirSync(target, { recursive: true });
try {
  for (const name of packages) build(name);
  must('npm', [
    'pack',
    '--silent',
    `--pack-destination=${target}`,
    ...packages.flatMap((name) => ['--workspace', name]),
  ]);
} finally {
  for (const name of packages) {
    rmSync(path.join(root, name, 'dist'), { recursive: true, force: true });
  }
}
