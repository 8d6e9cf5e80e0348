/** Follows the ten lines of README on a user's own data. Only ports differ, so that tests can run side by side. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../house/checkout.ts';
import { freePort } from './free-port.ts';
import { csvOf, pumpRecipe, readings } from './pumps.ts';
import { runShell, type Shell, startShell } from './shell.ts';
import { until } from './until.ts';

const cleanup = new AsyncDisposableStack();
let folder = '';
let lines: readonly string[] = [];
let env: Record<string, string> = {};

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-readme-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // npx finds the commands of the checkout, and the folders of hub and agent stay out of it.
  for (const name of ['node_modules', 'models']) {
    await symlink(path.join(root, name), path.join(folder, name));
  }
  await writeFile(path.join(folder, 'pumps-train.csv'), csvOf(readings(600, 1)));
  await writeFile(path.join(folder, 'pumps-test.csv'), csvOf(readings(200, 2)));
  lines = await linesOfReadme();
});

after(() => cleanup.disposeAsync());

test('README shows how in ten lines', () => {
  assert.equal(lines.length, 10);
});

test('the ten lines bring a model trained on own data to a device that answers', async () => {
  const ports = { hub: await freePort(), broker: await freePort(), device: await freePort() };
  env = { EDGEWISE_HUB: `http://127.0.0.1:${ports.hub}` };
  const rest = [...lines];
  const next = () => rest.shift() ?? '';

  const hub = shell(`${next()} --port ${ports.hub} --broker-port ${ports.broker}`);
  const token = await until(() => /\b(ew_\S+)/.exec(hub.output)?.[1], { what: 'the token' });
  const [, name] = /^export (\w+)=/.exec(next()) ?? [];
  assert.equal(name, 'EDGEWISE_TOKEN');
  env = { ...env, EDGEWISE_TOKEN: token };

  assert.match(await done(next()), /600 train/);
  assert.match(await done(next()), /200 test/);
  assert.match(await done(next()), /pumps 1: gate first/);
  assert.match(await done(next()), /device pump-1 of fleet home/);

  const onDevicePort = (line: string) => line.replaceAll('8080', String(ports.device));
  const agent = shell(onDevicePort(next()).replace(/\s*&$/, ''));
  await until(() => agent.output.includes('pump-1 runs.'), { what: 'the agent' });
  assert.match(await done(next()), /pump-1 +1 +serving/);

  const [, body = '', url = ''] = /^curl --json '(.+)' (\S+)$/.exec(onDevicePort(next())) ?? [];
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
  });
  const { predictions } = (await response.json()) as {
    readonly predictions: readonly { readonly version: number; readonly label: string }[];
  };
  assert.equal(predictions[0]?.version, 1);
  assert.ok(['good', 'worn'].includes(predictions[0]?.label ?? ''));

  const watch = shell(next());
  await until(
    async () => {
      await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      return /pump-1 +pumps 1: (good|worn)/.test(watch.output);
    },
    { what: 'a prediction to watch', everyMs: 250 },
  );
  assert.deepEqual(rest, []);
});

test('why a device runs its model is a chain that verifies, and every command speaks JSON', async () => {
  const why = JSON.parse(await done(`${bin}/edgewise why pump-1 --json`)) as {
    readonly ok: boolean;
  };
  assert.equal(why.ok, true);
  const parity = JSON.parse(await done(`${bin}/edgewise parity pumps 1 --json`)) as readonly {
    readonly devices: readonly {
      readonly device: string;
      readonly outcome: string;
      readonly parity: { readonly ok: boolean; readonly runtime: string };
    }[];
  }[];
  const proofs = parity.flatMap(({ devices }) => devices);
  assert.deepEqual(
    proofs.map(({ device, outcome }) => [device, outcome]),
    [['pump-1', 'proved']],
  );
  assert.match(proofs[0]?.parity.runtime ?? '', /^onnxruntime \d/);
  const status = JSON.parse(await done(`${bin}/edgewise status --json`)) as {
    readonly unexplainedLosses: number;
  };
  assert.equal(status.unexplainedLosses, 0);
  const device = JSON.parse(
    await done(`${bin}/edgewise-agent status --folder my-device --json`),
  ) as {
    readonly slots: { readonly active?: { readonly bundle: { readonly version: number } } };
  };
  assert.equal(device.slots.active?.bundle.version, 1);
});

test('bad input is answered with its code, its place and an exit code', async () => {
  const rows = csvOf(readings(20, 3)).split('\n');
  await writeFile(path.join(folder, 'short.csv'), [...rows, '1,2'].join('\n'));
  await writeFile(path.join(folder, 'words.csv'), [...rows, '1,warm,3,good'].join('\n'));
  const wrongLayer = { ...pumpRecipe({ epochs: 1, width: 8 }), layers: [{ kind: 'magic' }] };
  await writeFile(path.join(folder, 'wrong.json'), JSON.stringify(wrongLayer));
  const cases = [
    {
      line: `${bin}/edgewise datasets import bad short.csv --label state`,
      says: /short\.csv.*line \d+: 2 fields/,
    },
    {
      line: `${bin}/edgewise datasets import bad words.csv --label state`,
      says: /warm/,
    },
    {
      line: `${bin}/edgewise datasets import bad short.csv --label missing`,
      says: /missing/,
    },
    {
      line: `${bin}/edgewise train wrong --dataset pumps --recipe wrong.json`,
      says: /[Ll]ayer 0.*magic/s,
    },
    { line: `${bin}/edgewise rollout pumps 77`, says: /77/ },
  ];
  for (const { line, says } of cases) {
    const { status, output } = await run(line);
    assert.notEqual(status, 0, line);
    assert.match(output, says, line);
    assert.match(output, /\[[a-z-]+\]/, line);
    assert.doesNotMatch(output, /\bat .+:\d+:\d+/, `${line} shows a stack`);
  }
});

async function linesOfReadme(): Promise<readonly string[]> {
  const text = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, section = ''] = text.split('## Use it on your own data');
  const [, block = ''] = /```\n(.*?)```/s.exec(section) ?? [];
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));
}

/** A line that keeps running; ended after the tests. */
function shell(line: string): Shell {
  return cleanup.use(startShell(line, { cwd: folder, env }));
}

const run = (line: string) => runShell(line, { cwd: folder, env });
/** What npx finds, without npx looking for it. */
const bin = './node_modules/.bin';

/** Runs a line to its end and gives what it printed. */
async function done(line: string): Promise<string> {
  const { status, output, stdout } = await run(line);
  assert.equal(status, 0, `${line}\n${output}`);
  return stdout;
}
