import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reproduction, Run } from '@edgewise/protocol/http';
import { answerReproduction } from './commands/reproduce.ts';
import { exitCodes, type Io } from './io.ts';

const artifact = (name: string, repeated: string) => ({
  ...{ name, recorded: 'a'.repeat(64), repeated: repeated.repeat(64), equal: repeated === 'a' },
});

function said(change: Partial<Reproduction>, json = false) {
  const reproduction: Reproduction = {
    ...{ equal: false, first: 'float graph', notCompared: [] },
    artifacts: [artifact('float graph', 'b'), artifact('profile u8s8', 'a')],
    builds: { recorded: 'onnxruntime 1 x64', repeated: 'onnxruntime 1 x64' },
    ...change,
  };
  const run: Run = {
    ...{ id: 'run-2', model: 'digits', kind: 'train', snapshot: '', recipe: '', seed: 1 },
    ...{ status: 'done', step: null, progress: 1, metrics: [], imagesPerSecond: null },
    ...{ createdAtMs: 1, finishedAtMs: 2, version: null, error: null, reproduces: 'run-1' },
    reproduction,
  };
  const lines: string[] = [];
  let code: number = exitCodes.done;
  const print = (line: string) => lines.push(line);
  const io: Io = {
    ...{ print, note: print, progress: print, interactive: false, env: {}, cwd: '.' },
    signal: new AbortController().signal,
    setExitCode: (value) => {
      code = value;
    },
  };
  answerReproduction(io, { json }, run);
  return { text: lines.join('\n'), code };
}

test('other bytes end the command with 1 and name the first artifact', () => {
  const { text, code } = said({});
  assert.equal(code, exitCodes.failed);
  assert.match(text, /1 of 2 artifacts of run-1 have other bytes; the first is "float graph"/);
  assert.match(text, /float graph: recorded aaaaaaaaaaaa, now bbbbbbbbbbbb/);
  assert.match(
    text,
    /Both were made by onnxruntime 1 x64: where Edgewise itself has been renewed since/,
  );
  assert.equal(said({}, true).code, exitCodes.failed);
});

test('another engine is named as what may explain other bytes', () => {
  const builds = { recorded: null, repeated: 'onnxruntime 2 arm64' };
  assert.match(
    said({ builds }).text,
    /Recorded with an engine that was not recorded, repeated with onnxruntime 2 arm64/,
  );
});
