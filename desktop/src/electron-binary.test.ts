import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { electronBinary } from './electron-binary.ts';
import { browserCommand, openBrowser } from './open-browser.ts';

test('Electron counts as present only when its program is there', (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'electron-'));
  context.after(() => rmSync(folder, { recursive: true }));
  assert.equal(electronBinary(folder), undefined);
  writeFileSync(path.join(folder, 'path.txt'), 'electron');
  assert.equal(electronBinary(folder), undefined);
  mkdirSync(path.join(folder, 'dist'));
  writeFileSync(path.join(folder, 'dist', 'electron'), '');
  assert.equal(electronBinary(folder), path.join(folder, 'dist', 'electron'));
});

test('each platform opens an address with a command of its own', () => {
  assert.deepEqual(
    ['linux', 'darwin', 'win32'].map((platform) => browserCommand(platform, 'u')[0]),
    ['xdg-open', 'open', 'explorer'],
  );
});

test('a machine without a browser is told apart from one with', {
  skip: os.platform() === 'darwin',
}, async () => {
  assert.equal(await openBrowser('darwin', 'http://127.0.0.1:1/'), false);
});
