import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SerialPort } from 'serialport';
import { eventually } from '../testing/eventually.ts';
import { createFakeSink } from '../testing/fake-sink.test.fixture.ts';
import { createSerialSource } from './serial-source.ts';

const hasSocat = spawnSync('socat', ['-V']).status === 0;
const skip = hasSocat ? false : 'socat is not installed: apt-get install socat';

/** Two pseudo terminals that are the ends of one cable. */
async function aCable() {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-serial-'));
  const [near, far] = [path.join(folder, 'near'), path.join(folder, 'far')];
  const socat = spawn('socat', [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
  await eventually(() => existsSync(near) && existsSync(far));
  return {
    near,
    far,
    pull: () => socat.kill(),
    async [Symbol.asyncDispose]() {
      socat.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function plugIn(place: string) {
  const port = new SerialPort({ path: place, baudRate: 115_200, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(error) : resolve()));
  });
  let said = '';
  port.on('data', (chunk: Uint8Array) => {
    said += new TextDecoder().decode(chunk);
  });
  return {
    write: (line: string) => port.write(`${line}\n`),
    lines: () => said.split('\n').slice(0, -1),
    unplug: () => new Promise<void>((resolve) => port.close(() => resolve())),
  };
}

test('each line is answered by a line, in order, also when it cannot be used', {
  skip,
}, async () => {
  await using cable = await aCable();
  const stop = new AbortController();
  const { sink, seen } = createFakeSink();
  const running = createSerialSource({ path: cable.near, baudRate: 115_200 }).run(
    sink,
    stop.signal,
  );
  const sensor = await plugIn(cable.far);
  sensor.write('[1,2,3,4]');
  sensor.write('{"items":[[5,6,7,8],[9,9,9,9]]}');
  sensor.write('[1,2]');
  sensor.write('hello');
  const lines = await eventually(() => sensor.lines().length === 4 && sensor.lines());
  const answers = lines.map(
    (line) => JSON.parse(line) as Record<string, unknown[] & { code: string }>,
  );
  assert.deepEqual(seen, ['1,2,3,4', '5,6,7,8', '9,9,9,9']);
  assert.equal(answers[0]?.predictions?.length, 1);
  assert.equal(answers[1]?.predictions?.length, 2);
  assert.equal(answers[2]?.error?.code, 'invalid-argument');
  assert.equal(answers[3]?.error?.code, 'malformed');
  stop.abort();
  await running;
  await sensor.unplug();
});

test('a cable that is pulled out is unavailable', { skip }, async () => {
  await using cable = await aCable();
  const { sink } = createFakeSink();
  const source = createSerialSource({ path: cable.near, baudRate: 115_200 });
  const running = source.run(sink, new AbortController().signal);
  const sensor = await plugIn(cable.far);
  sensor.write('[1,2,3,4]');
  await eventually(() => sensor.lines().length === 1);
  await sensor.unplug();
  cable.pull();
  await assert.rejects(running, /\[unavailable\]/);
});

test('a port that does not exist is unavailable', async () => {
  const source = createSerialSource({ path: '/dev/none', baudRate: 115_200 });
  const { sink } = createFakeSink();
  await assert.rejects(source.run(sink, new AbortController().signal), /\[unavailable\]/);
});
