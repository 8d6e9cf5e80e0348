import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { claimFolder } from './claim-folder.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-claim-'));
});
after(() => rm(folder, { recursive: true }));

const codeOf = (code: string) => (error: unknown) =>
  error instanceof FleetError && error.code === code && /--folder/.test(error.reason);

test('a folder belongs to one hub, and to the next once that has ended', async () => {
  const place = path.join(folder, 'new', 'hub');
  {
    using _ = await claimFolder(place);
    await assert.rejects(claimFolder(place), codeOf('conflict'));
  }
  using _ = await claimFolder(place);
});

test('a hub that was killed leaves no lock behind', async () => {
  const place = path.join(folder, 'killed');
  const claim = `import { claimFolder } from ${JSON.stringify(new URL('./claim-folder.ts', import.meta.url).href)};
    globalThis.held = await claimFolder(${JSON.stringify(place)}); console.log('held'); setInterval(() => {}, 1e6);`;
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', claim]);
  await once(child.stdout, 'data');
  await assert.rejects(claimFolder(place), codeOf('conflict'));
  child.kill('SIGKILL');
  await once(child, 'close');
  using _ = await claimFolder(place);
});

test('what is no folder is named', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  await assert.rejects(claimFolder(file), codeOf('invalid-argument'));
  await assert.rejects(claimFolder(path.join(file, 'below')), codeOf('invalid-argument'));
});
