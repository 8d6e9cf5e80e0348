// The program behind `npm run console`.
import { writeSync } from 'node:fs';
import path from 'node:path';
import { buildConsole } from './build-console.ts';

const startedAt = performance.now();
const folder = await buildConsole();
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
writeSync(1, `The console is built in ${path.relative('.', folder)} (${seconds} s).\n`);
