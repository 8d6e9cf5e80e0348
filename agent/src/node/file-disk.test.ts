import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { describeDisk } from '../testing/describe-disk.ts';
import { createFileDisk } from './file-disk.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describeDisk('file system', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-disk-'));
  folders.push(folder);
  return createFileDisk(folder);
});
