#!/usr/bin/env node
// Installs the Debian packages that some tests run against, where that is possible: as root, with apt.
// Elsewhere those tests are skipped, and each says so by name.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

const needed = [
  { program: 'chromium', package: 'chromium' },
  { program: 'mosquitto', package: 'mosquitto' },
  { program: 'mosquitto_sub', package: 'mosquitto-clients' },
  { program: 'socat', package: 'socat' },
];
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'];
const missing = needed.filter(
  ({ program }) => !folders.some((folder) => existsSync(`${folder}/${program}`)),
);

if (missing.length > 0) {
  const names = missing.map((item) => item.package);
  const possible = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (possible) {
    console.error(`Installing for the tests: ${names.join(', ')} ...`);
    // A policy that answers 101 keeps apt from starting the broker as a service.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const apt = (...args) =>
      spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env });
    apt('update');
    if (apt('install', '-y', '--no-install-recommends', ...names).status !== 0) {
      console.error('That failed; tests that need them are skipped by name.');
    }
  } else {
    console.error(`Not found: ${names.join(', ')}; tests that need them are skipped by name.`);
  }
}
