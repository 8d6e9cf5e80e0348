#!/usr/bin/env node
// The one door to every command: makes sure that what package-lock.json names is installed,
// then runs the command with the Node.js that npm installed, on the TypeScript sources.
// Plain JavaScript that an old Node.js understands, since that is what starts it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { commands } from './commands.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = path.join(root, 'node_modules', '.bin');
const stamp = path.join(root, 'node_modules', '.edgewise-lock');

/** Installs once per package-lock.json: a hash is compared, not times, so a moved checkout stays installed. */
function install() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('First run: installing what package-lock.json names (about a minute) ...');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  };
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (done.status !== 0) {
    console.error('The installation failed. Run `npm ci` to see why, mend that, and start again.');
    process.exit(done.status ?? 1);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** Runs the steps in turn and stops at the first that fails. */
function run(steps, extra) {
  const env = { ...process.env, PATH: bin + path.delimiter + process.env.PATH };
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const [file, ...args] = step;
    const done = spawnSync(path.join(bin, file), last ? [...args, ...extra] : args, {
      cwd: root,
      stdio: 'inherit',
      env,
    });
    if (done.error) console.error(`Could not start ${file}: ${done.error.message}`);
    if (done.status !== 0) process.exit(done.status ?? (done.signal === 'SIGINT' ? 130 : 1));
  }
}

const [name, ...extra] = process.argv.slice(2);
const steps = commands[name];
if (!steps) {
  console.error(
    `Unknown command ${name ?? '(none)'}. There are: ${Object.keys(commands).join(', ')}.`,
  );
  process.exit(2);
}
install();
run(steps, extra);
