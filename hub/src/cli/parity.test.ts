import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { ParityReport } from '@edgewise/protocol';
import type { ParityRow } from '@edgewise/protocol/http';
import { exitCodes } from './io.ts';
import { runProgram } from './program.ts';

const proof: ParityReport = {
  ...{ vectors: 12, largestDeviation: 0.0117, topAgreement: 1, ok: true },
  ...{ allowed: 0.0184, output: 'logits' },
  ...{ runtime: 'onnxruntime 1.30.0 x64 avx2', deviceClass: 'x64', atMs: 5 },
};
const base: Omit<ParityRow, 'version' | 'deviceClass' | 'devices'> = {
  ...{ model: 'digits', scheme: 'u8s8-reduced', reason: 'Seven bits are exact.' },
  ...{ manifest: 'a'.repeat(64), golden: { vectors: 12, tolerance: 0.0184, topAgreement: 0.9 } },
};

/** Its mean deviation is closer to its limit than the largest one. */
const proofByMean: ParityReport = { ...proof, rms: 0.004, allowedRms: 0.005 };

/** Version 2 was refused by one device of two, version 1 was proved; nobody is to try arm64. */
const rows: readonly ParityRow[] = [
  {
    ...{ ...base, version: 2, deviceClass: 'x64' },
    devices: [
      { device: 'cam-1', deviceClass: 'x64', outcome: 'proved', parity: proof, atMs: 5 },
      {
        ...{ device: 'cam-2', deviceClass: 'x64', outcome: 'refused', atMs: 6 },
        parity: { ...proof, largestDeviation: 0.412, topAgreement: 0.5, ok: false },
        ...{ code: 'parity-failed', detail: 'Golden answers deviate by 0.412.' },
      },
      { device: 'cam-3', deviceClass: 'x64', outcome: 'waiting', parity: null, atMs: null },
      {
        ...{ device: 'cam-4', deviceClass: 'x64', outcome: 'refused', atMs: 6 },
        parity: { ...proof, largestDeviation: Number.MAX_VALUE, topAgreement: 0.5, ok: false },
        ...{ code: 'parity-failed', detail: 'Golden answers are no numbers in logits.' },
      },
    ],
  },
  { ...base, version: 2, deviceClass: 'arm64', scheme: null, golden: null, devices: [] },
  {
    ...{ ...base, version: 1, deviceClass: 'x64' },
    devices: [
      { device: 'cam-1', deviceClass: 'x64', outcome: 'proved', parity: proofByMean, atMs: 5 },
    ],
  },
];

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const version = new URL(request.url ?? '', 'http://hub').searchParams.get('version');
  const answer = rows.filter((row) => version === null || row.version === Number(version));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
let hub = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

async function run(...argv: string[]) {
  const out: string[] = [];
  let code: number = exitCodes.done;
  await runProgram(
    [...argv, '--hub', hub, '--token', 'ew_x'],
    {
      ...{ print: (line) => out.push(line), note: (line) => out.push(line) },
      ...{ progress: () => undefined, interactive: false, env: {}, cwd: '.' },
      signal: new AbortController().signal,
      setExitCode: (value) => {
        code = value;
      },
    },
    '9.9.9',
  );
  return { out: out.join('\n'), code };
}

test('the overview has a line for each variant, and a refusal of the newest version ends with 1', async () => {
  const { out, code } = await run('parity', 'digits');
  const lines = out.split('\n');
  assert.match(
    lines[1] ?? '',
    /2 {2}x64 +u8s8-reduced +no number +0\.0184 +50\.00 % +refused +1 proved, 2 refused, 1 not yet/,
  );
  assert.match(lines[2] ?? '', /2 {2}arm64 +- +- +- +- +- +none/);
  assert.match(
    lines[3] ?? '',
    /1 {2}x64 +u8s8-reduced +0\.00400 rms +0\.00500 .* proved +1 proved/,
  );
  assert.equal(code, exitCodes.failed);
});

test('one version is shown device by device, with engine and reason', async () => {
  const { out, code } = await run('parity', 'digits', '1');
  assert.equal(asked.at(-1), '/api/v1/models/digits/parity?version=1');
  assert.match(out, /digits 1 for x64: u8s8-reduced\n {2}Seven bits are exact\./);
  assert.match(out, /12 golden vectors, deviation up to 0\.0184, top-1 agreement from 90\.00 %/);
  assert.match(
    out,
    /cam-1 +x64 +proved +0\.00400 rms +0\.00500 +logits +100\.00 % .*onnxruntime 1\.30\.0 x64 avx2/,
  );
  assert.equal(code, exitCodes.done);
  const refused = await run('parity', 'digits', '2');
  assert.match(refused.out, /cam-1 +x64 +proved +0\.0117 +0\.0184 +logits/);
  assert.match(refused.out, /cam-4 +x64 +refused +no number +0\.0184 +logits/);
  assert.match(refused.out, /cam-2 .*\[parity-failed\] Golden answers deviate by 0\.412\./);
  assert.match(refused.out, /No device of this class\./);
});

test('JSON is what the hub said, and a version is a number', async () => {
  const { out } = await run('parity', 'digits', '2', '--json');
  assert.deepEqual(JSON.parse(out), rows.slice(0, 2));
  const wrong = await run('parity', 'digits', 'newest');
  assert.equal(wrong.code, exitCodes.usage);
});
