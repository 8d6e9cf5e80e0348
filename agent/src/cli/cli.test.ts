import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSigner, generateKey } from '@edgewise/models/crypto';
import { encodeNpy } from '@edgewise/models/data';
import { tensor } from '@edgewise/models/tensor';
import type { Message } from '@edgewise/protocol';
import { formatToken } from '../enrol/token.ts';
import { eventually as within } from '../testing/eventually.ts';
import { startFakeHub } from '../testing/fake-hub.test.fixture.ts';
import { openHubDoor, secret } from '../testing/hub-door.test.fixture.ts';
import { aRealBundle } from '../testing/real-bundle.test.fixture.ts';
import { linkTo } from '../testing/rig.test.fixture.ts';
import { startTestBroker } from '../testing/test-broker.test.fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'edgewise-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const shim = fileURLToPath(new URL('../../bin/edgewise-agent.js', import.meta.url));
const flags = [...process.execArgv.filter((flag) => flag.startsWith('--conditions'))];

/** Processes start slowly on a busy machine. */
const eventually: typeof within = (look, options) => within(look, { withinMs: 30_000, ...options });

/** Starts the command and gathers what it says. */
function start(...args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [...flags, main, ...args]);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Uint8Array) => (said.out += String(chunk)));
  child.stderr?.on('data', (chunk: Uint8Array) => (said.err += String(chunk)));
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, said, exit };
}

async function run(...args: readonly string[]) {
  const { said, exit } = start(...args);
  return { code: await exit, ...said };
}

const predict = async (url: string) => {
  const body = JSON.stringify({ items: [[1, 0, 0, 0]] });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/predict`, { method: 'POST', body, headers });
  return { status: response.status, ...((await response.json()) as { version?: number }) };
};

test('a device enrols, runs, is killed, serves again at once and stops cleanly', async () => {
  const key = generateKey();
  await using broker = await startTestBroker();
  await using link = linkTo(broker, 'hub');
  await new Promise<void>((resolve) => link.onConnect(resolve));
  const signer = createSigner(key.privateKeyPem);
  const hub = await startFakeHub(link, { signer, fleet: 'home', device: 'pi' });
  const windows: Message<'window'>[] = [];
  await link.subscribe('window', { fleet: 'home' }, (window) => windows.push(window));
  await using door = await openHubDoor({ key, broker: `mqtt://127.0.0.1:${broker.port}` });
  const token = formatToken({ url: door.url, secret, fingerprint: door.fingerprint });
  const device = path.join(folder, 'pi');

  const enrolled = await run('enrol', token, '--folder', device, '--json');
  assert.equal(enrolled.code, 0, enrolled.err);
  assert.equal((JSON.parse(enrolled.out) as { device: string }).device, 'pi');

  const inputs = path.join(folder, 'inputs.npy');
  const numbers = Float32Array.from({ length: 40 }, (_, index) => Math.cos(index));
  writeFileSync(inputs, encodeNpy(tensor('float32', [10, 4], numbers)));
  const runAgain = () =>
    start(
      'run',
      '--folder',
      device,
      '--source',
      'http:0',
      '--source',
      `replay:${inputs}?rate=0`,
      '--json',
    );
  const first = runAgain();
  const urlOf = ({ said }: typeof first) =>
    eventually(() => said.out.includes('\n') && (JSON.parse(said.out).urls[0] as string));
  const url = await urlOf(first);
  const bundle = await aRealBundle(signer);
  hub.offer(bundle);
  await hub.aim(bundle.ref);
  await eventually(() => windows.length === 1, { what: first.said.err });
  assert.equal(windows[0]?.n, 10);
  assert.equal(windows[0]?.features.length, 4);
  assert.deepEqual((await predict(url)).version, 1);

  first.child.kill('SIGKILL');
  await first.exit;
  const second = runAgain();
  const answer = await predict(await urlOf(second));
  assert.deepEqual([answer.status, answer.version], [200, 1]);
  await eventually(() => hub.presences.at(-1)?.status === 'online' && hub.presences.length === 3);
  await eventually(() =>
    hub.events.some(({ body }) => body.kind === 'started' && body.previousExit === 'crash'),
  );

  second.child.kill('SIGTERM');
  assert.equal(await second.exit, 0, second.said.err);
  await eventually(() => hub.presences.at(-1)?.status === 'stopped');
  const status = await run('status', '--folder', device, '--json');
  const { life, slots } = JSON.parse(status.out) as {
    life: string;
    slots: { active: { bundle: { version: number } } };
  };
  assert.deepEqual([life, slots.active.bundle.version], ['stopped', 1]);
});

test('wrong usage says what is wrong and what to do, with its exit code', async () => {
  const nowhere = path.join(folder, 'nowhere');
  const table = [
    [['enrol', 'abc'], 2, /\[invalid-argument\] This is no enrolment token/],
    [['run', '--folder', nowhere], 1, /\[not-found\] .* run "edgewise-agent enrol TOKEN/],
    [['run', '--nonsense'], 2, /unknown option/],
    [['status', '--folder', nowhere], 0, /^$/],
  ] as const;
  const results = await Promise.all(table.map(([args]) => run(...args)));
  for (const [index, [, code, expected]] of table.entries()) {
    assert.equal(results[index]?.code, code);
    assert.match(results[index]?.err ?? '', expected);
  }
});

test('the command in bin runs the sources, and names the Node.js that it needs otherwise', (t) => {
  const help = spawnSync(process.execPath, [shim, 'run', '--help'], { encoding: 'utf8' });
  assert.match(help.stdout, /replay:FILE/);
  const old = oldNode();
  if (old === undefined) return t.skip('no Node.js older than 24 is on the PATH');
  const packed = path.join(folder, 'packed', 'bin');
  mkdirSync(packed, { recursive: true });
  cpSync(shim, path.join(packed, 'edgewise-agent.js'));
  cpSync(
    path.join(path.dirname(shim), '..', 'package.json'),
    path.join(packed, '..', 'package.json'),
  );
  const done = spawnSync(old, [path.join(packed, 'edgewise-agent.js')], { encoding: 'utf8' });
  assert.equal(done.status, 1);
  assert.match(
    done.stderr,
    /^edgewise-agent needs Node.js 24 or newer; this is v\d+\.\d+\.\d+\.\n$/,
  );
});

function oldNode(): string | undefined {
  const places = (process.env.PATH ?? '').split(path.delimiter);
  const nodes = places.map((place) => path.join(place, 'node')).filter((node) => existsSync(node));
  return nodes.find((node) => {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout;
    return Number(version.slice(1).split('.')[0]) < 24;
  });
}
