import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../house/checkout.ts';
import { runProgram } from './programs.ts';

const shims = [
  { name: 'edgewise', file: 'hub/bin/edgewise.js' },
  { name: 'edgewise-agent', file: 'agent/bin/edgewise-agent.js' },
];
/** Loaded before the shim: makes this Node.js say that it is version 20. */
const pretend = `data:text/javascript,${encodeURIComponent(
  `const old=(value)=>({value,configurable:true});
  Object.defineProperty(process,'versions',old({...process.versions,node:'20.20.2'}));
  Object.defineProperty(process,'version',old('v20.20.2'));`,
)}`;

for (const { name, file } of shims) {
  test(`an installed ${name} says under an old Node.js which one it needs`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-shim-'));
    try {
      await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
      const copy = path.join(folder, 'bin', path.basename(file));
      await cp(path.join(root, file), copy);
      const { status, stderr } = await runProgram(process.execPath, ['--import', pretend, copy]);
      assert.equal(status, 1);
      assert.equal(stderr.trim(), `${name} needs Node.js 24 or newer; this is v20.20.2.`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test(`in the checkout ${name} runs under an old Node.js, by the one that npm installed`, async () => {
    const shim = path.join(root, file);
    const { status, stdout } = await runProgram(process.execPath, [
      '--import',
      pretend,
      shim,
      '--help',
    ]);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: ${name} `));
  });
}
