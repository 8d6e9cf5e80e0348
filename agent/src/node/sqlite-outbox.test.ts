import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { describeOutbox } from '../testing/describe-outbox.ts';
import { openSqliteOutbox } from './sqlite-outbox.ts';

const fileToFill = process.env.OUTBOX_TO_FILL;
if (fileToFill !== undefined) fillForEver(fileToFill);

/** What the child of the last test does until it is killed: append, and say what is durable. */
function fillForEver(file: string): never {
  const outbox = openSqliteOutbox(file, { budgetBytes: 1e9, nowMs: () => 1 });
  for (;;) {
    const text = ({ sequence }: { sequence: number }) => new TextEncoder().encode(`${sequence}`);
    writeSync(1, `${outbox.append('event', text)}\n`);
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'edgewise-outbox-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => path.join(folder, `${++files}`, 'outbox.db');
const open = (file: string, budgetBytes = 1e6) =>
  openSqliteOutbox(file, { budgetBytes, nowMs: () => 7 + files });

describeOutbox('sqlite', ({ budgetBytes }) => open(newFile(), budgetBytes));

test('epoch, entries, numbers and what was dropped survive a restart', () => {
  const file = newFile();
  const first = open(file, 25);
  for (let count = 0; count < 4; count++) first.append('event', () => new Uint8Array(10));
  first.commit('event', { epoch: first.epoch, sequence: 3, gaps: [] });
  first[Symbol.dispose]();
  using next = openSqliteOutbox(file, { budgetBytes: 1e6, nowMs: () => 99_999 });
  assert.equal(next.epoch, first.epoch);
  assert.deepEqual(next.stats(), { messages: 1, bytes: 10, dropped: 2 });
  assert.equal(
    next.append('event', () => new Uint8Array(1)),
    5,
  );
});

test('a second process in the same folder is a conflict', () => {
  const file = newFile();
  using _first = open(file);
  assert.throws(() => open(file), /\[conflict\] Another agent runs in this folder/);
});

test('kill -9 loses nothing that append returned for', async () => {
  const file = newFile();
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OUTBOX_TO_FILL: file },
  });
  let said = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > 200) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  const durable = Number(said.split('\n').at(-2));
  assert.ok(durable >= 200);
  using outbox = open(file, 1e9);
  const entries = outbox.oldest(1e6);
  assert.ok(entries.length >= durable, `${entries.length} of ${durable} are there`);
  for (const [index, entry] of entries.entries()) {
    assert.equal(entry.sequence, index + 1);
    assert.equal(new TextDecoder().decode(entry.bytes), `${index + 1}`);
  }
});
