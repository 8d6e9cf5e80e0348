import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeNpy, encodeNpz } from '@edgewise/models/data';
import { createGraphBuilder, readModel, writeModel } from '@edgewise/models/onnx';
import { tensor } from '@edgewise/models/tensor';
import type { Command } from 'commander';
import type { Io } from './io.ts';
import { exitCodes, table } from './io.ts';
import { createProgram, runProgram } from './program.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-cli-'));
});
after(() => rm(folder, { recursive: true }));

function silentIo(): Io {
  const nothing = () => undefined;
  return {
    ...{ print: nothing, note: nothing, progress: nothing, setExitCode: nothing },
    ...{ interactive: false, env: {}, cwd: folder, signal: new AbortController().signal },
  };
}

/** Runs a command line and gathers what it says. */
async function run(
  ...argv: string[]
): Promise<{ readonly out: string; readonly notes: string; readonly code: number }> {
  const out: string[] = [];
  const notes: string[] = [];
  let code: number = exitCodes.done;
  const io: Io = {
    print: (line) => out.push(line),
    note: (line) => notes.push(line),
    progress: () => undefined,
    interactive: false,
    env: {},
    cwd: folder,
    signal: new AbortController().signal,
    setExitCode: (value) => {
      code = value;
    },
  };
  await runProgram(argv, io, '9.9.9');
  return { out: out.join('\n'), notes: notes.join('\n'), code };
}

const commands = [
  'hub',
  'status',
  'devices',
  'datasets',
  'train',
  'runs',
  'reproduce',
  'sweeps',
  'models',
  'versions',
  'parity',
  'export',
  'policies',
  'quantize',
  'inspect',
  'compare',
  'convert',
  'rollout',
  'rollback',
  'rollouts',
  'alarms',
  'label',
  'why',
  'watch',
  'console',
  'tokens',
];

test('the help names every command and shows the first hour', async () => {
  const { out, code } = await run('--help');
  assert.equal(code, exitCodes.done);
  for (const command of commands) assert.match(out, new RegExp(`^  ${command} `, 'm'));
  assert.match(out, /A first hour:/);
});

for (const command of commands) {
  test(`edgewise ${command} --help says what it does and has --json`, async () => {
    const { out, code } = await run(command, '--help');
    assert.equal(code, exitCodes.done);
    assert.match(out, new RegExp(`Usage: edgewise ${command}`));
    assert.match(out, /--json/);
  });
}

/** Every command that does something, with the words that lead to it. */
function leavesOf(command: Command, words: readonly string[] = []): readonly Leaf[] {
  const below = command.commands.filter((each) => each.name() !== 'help');
  return [
    ...(words.length > 0 ? [{ command, words }] : []),
    ...below.flatMap((each) => leavesOf(each, [...words, each.name()])),
  ];
}

interface Leaf {
  readonly command: Command;
  readonly words: readonly string[];
}

const leaves = leavesOf(createProgram(silentIo(), '9.9.9'));

test('every command shows an example and has --json', async () => {
  assert.ok(leaves.length > 20);
  for (const { words } of leaves) {
    const { out } = await run(...words, '--help');
    assert.match(out, /Examples?:/, words.join(' '));
    assert.match(out, /--json/, words.join(' '));
  }
});

test('options count for a command on either side of its name', async () => {
  const given = ['--hub', 'http://elsewhere:1', '--token', 'ew_x', '--json'];
  for (const { words } of leaves.filter((leaf) => leaf.words.length > 1)) {
    const [first = '', ...rest] = words;
    for (const place of ['before', 'after'] as const) {
      const program = createProgram(silentIo(), '9.9.9');
      const leaf = leavesOf(program).find((each) => each.words.join() === words.join());
      assert.ok(leaf);
      const { command } = leaf;
      let seen: Record<string, unknown> = {};
      command.action(() => {
        seen = command.opts();
      });
      const names = command.registeredArguments.map(({ argChoices }) => argChoices?.[0] ?? 'x');
      const line =
        place === 'before'
          ? [first, ...given, ...rest, ...names]
          : [first, ...rest, ...names, ...given];
      await program.parseAsync(line, { from: 'user' });
      const { hub, token, json } = seen;
      assert.deepEqual([hub, token, json], ['http://elsewhere:1', 'ew_x', true], line.join(' '));
    }
  }
});

test('an unknown word after a command is named with what there is', async () => {
  const { notes, code } = await run('devices', 'enroll', '--token', 'ew_x');
  assert.equal(code, exitCodes.usage);
  assert.match(notes, /"devices enroll" is no command; there are enrol, revoke, command/);
});

test('what cannot be a port or an address is said before anything starts', async () => {
  const port = await run('hub', '--port', '99999');
  assert.match(port.notes, /--port takes a port from 0 to 65535, not 99999/);
  const address = await run('status', '--hub', 'nonsense', '--token', 'ew_x');
  assert.equal(address.code, exitCodes.usage);
  assert.match(address.notes, /"nonsense" is no address of a hub/);
});

test('an empty token is none', async () => {
  const { code, notes } = await run('status', '--token', '');
  assert.equal(code, exitCodes.denied);
  assert.match(notes, /EDGEWISE_TOKEN/);
});

test('a misspelt command suggests the right one and ends with 2', async () => {
  const { notes, code } = await run('devcies');
  assert.equal(code, exitCodes.usage);
  assert.match(notes, /devices/);
});

test('without a token it says where to get one and ends with 4', async () => {
  const { notes, code } = await run('status', '--hub', 'http://127.0.0.1:9');
  assert.equal(code, exitCodes.denied);
  assert.match(notes, /EDGEWISE_TOKEN/);
});

test('without a hub it says how to start one and ends with 3', async () => {
  const { notes, code } = await run('status', '--hub', 'http://127.0.0.1:9', '--token', 'ew_x');
  assert.equal(code, exitCodes.unreachable);
  assert.match(notes, /edgewise hub/);
});

test('with --json an error is one JSON document on standard output', async () => {
  const { out } = await run('status', '--json', '--hub', 'http://127.0.0.1:9', '--token', 'ew_x');
  assert.equal(JSON.parse(out).error.code, 'unavailable');
});

/** y = x W + b over [N, 8], with random weights. */
async function writeDenseModel(): Promise<string> {
  const builder = createGraphBuilder({ name: 'dense' });
  const x = builder.input('x', 'float32', ['N', 8]);
  const values = (count: number, scale: number) =>
    Float32Array.from({ length: count }, (_, index) => Math.sin(index * 7.3) * scale);
  const w = builder.constant(tensor('float32', [8, 4], values(32, 1)));
  const b = builder.constant(tensor('float32', [4], values(4, 0.1)));
  builder.output(builder.op('Gemm', [x, w, b], { output: 'y' }), 'float32', ['N', 4]);
  const file = path.join(folder, 'dense.onnx');
  await writeFile(file, writeModel(builder.build()));
  return file;
}

/** Forty inputs of the dense model, as x.npz and x.npy. */
async function writeDenseInputs(): Promise<void> {
  const data = Float32Array.from({ length: 320 }, (_, index) => Math.cos(index * 1.7));
  const x = tensor('float32', [40, 8], data);
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(new Map([['x', x]])));
  await writeFile(path.join(folder, 'x.npy'), encodeNpy(x));
}

test('quantize writes an int8 model that can be read back, from .npz and from .npy', async () => {
  await writeDenseModel();
  await writeDenseInputs();
  for (const data of ['x.npz', 'x.npy']) {
    const { out, notes, code } = await run(
      'quantize',
      'dense.onnx',
      '--calibration',
      data,
      '--out',
      'small.onnx',
      '--json',
    );
    assert.equal(code, exitCodes.done, notes + out);
    assert.deepEqual(JSON.parse(out).quantized.length, 1);
    const small = readModel(await readFile(path.join(folder, 'small.onnx')));
    assert.ok(
      [...small.graph.initializers.values()].some(
        ({ dtype, dims }) => dtype === 'int8' && dims.length === 2,
      ),
    );
  }
});

test('quantize builds one file for each device class, and says when options contradict', async () => {
  await writeDenseModel();
  await writeDenseInputs();
  const args = ['quantize', 'dense.onnx', '--calibration', 'x.npz', '--out', 'small.onnx'];
  const built = await run(...args, '--for', 'x64,web-wasm', '--json');
  assert.deepEqual(
    (JSON.parse(built.out) as { out: string; scheme: string }[]).map(({ out, scheme }) => [
      out,
      scheme,
    ]),
    [
      ['small.web-wasm.onnx', 'weight-only'],
      ['small.x64.onnx', 'u8s8-reduced'],
    ],
  );
  readModel(await readFile(path.join(folder, 'small.x64.onnx')));
  const minmax = await readFile(path.join(folder, 'small.x64.onnx'));
  const chosen = ['--for', 'x64', '--calibrate', 'percentile'];
  assert.equal((await run(...args, ...chosen)).code, exitCodes.done);
  assert.notDeepEqual(await readFile(path.join(folder, 'small.x64.onnx')), minmax);
  const both = await run(...args, '--for', 'x64', '--activations', 's8');
  assert.match(both.notes, /leave --activations out/);
  assert.match((await run(...args, '--for', 'abacus')).notes, /no build for "abacus"/);
  assert.match((await run(...args, '--percentile', '99')).notes, /--calibrate percentile/);
});

test('quantize learns to round weights of few bits, and says what that did', async () => {
  await writeDenseModel();
  await writeDenseInputs();
  const args = ['quantize', 'dense.onnx', '--calibration', 'x.npz', '--weight-bits', '3'];
  const { out, code, notes } = await run(...args, '--ada-round', '--out', 'small.onnx');
  assert.equal(code, exitCodes.done, notes);
  assert.match(out, /rounded {2}\S+: error [\d.]+ % instead of [\d.]+ %/);
  const small = readModel(await readFile(path.join(folder, 'small.onnx')));
  const weights = [...small.graph.initializers.values()].filter(
    ({ dtype, dims }) => dtype === 'int8' && dims.length === 2,
  );
  assert.equal(weights.length, 1);
  for (const { data } of weights) {
    assert.ok(Array.from(data as Int8Array).every((number) => Math.abs(number) <= 3));
  }
  const both = await run(...args, '--ada-round', '--out', 'small.onnx', '--for', 'x64');
  assert.match(both.notes, /leave --weight-bits out/);
  const wide = await run(...args, '--weights', 'u8', '--out', 'small.onnx');
  assert.match(wide.notes, /goes with --weights s8/);
});

test('quantize that chooses says what it tried, also as a page without a script', async () => {
  await writeDenseModel();
  await writeDenseInputs();
  const args = ['quantize', 'dense.onnx', '--calibration', 'x.npz', '--out', 'small.onnx'];
  const { out, code, notes } = await run(...args, '--calibrate', 'auto', '--report', 'page.html');
  assert.equal(code, exitCodes.done, notes);
  assert.match(out, /tried {2}minmax: error/);
  assert.match(out, /taken: /);
  const page = await readFile(path.join(folder, 'page.html'), 'utf8');
  assert.match(page, /Ways that were tried/);
  assert.doesNotMatch(page, /<script|https?:/);
});

test('inspect and compare look at what quantize wrote', async () => {
  await writeDenseModel();
  await writeDenseInputs();
  await run('quantize', 'dense.onnx', '--calibration', 'x.npz', '--out', 'small.onnx');
  const seen = await run(
    ...['inspect', 'small.onnx', '--float', 'dense.onnx', '--data', 'x.npz'],
    ...['--saturation', 'x64', '--json'],
  );
  const facts = JSON.parse(seen.out);
  assert.ok(facts.layerErrors.length > 0);
  assert.equal(facts.saturation.target, 'x64');
  const alone = await run('inspect', 'small.onnx', '--saturation', 'x64');
  assert.match(alone.notes, /give --data/);
  const both = await run('compare', 'dense.onnx', 'small.onnx', '--data', 'x.npz', '--json');
  assert.equal(JSON.parse(both.out).samples, 40);
});

test('quantize takes a table with a column that is no input', async () => {
  await writeDenseModel();
  const columns = Array.from({ length: 8 }, (_, at) => `c${at}`);
  const row = columns.map((_, at) => at / 8).join(',');
  const lines = [[...columns, 'state'].join(','), ...new Array(20).fill(`${row},good`)];
  await writeFile(path.join(folder, 'x.csv'), lines.join('\n'));
  const args = ['quantize', 'dense.onnx', '--calibration', 'x.csv', '--out', 'csv.onnx'];
  assert.match((await run(...args)).notes, /x\.csv: .*"state" holds "good"/);
  assert.equal((await run(...args, '--label', 'state')).code, exitCodes.done);
});

test('quantize says what is wrong with its files', async () => {
  const model = await writeDenseModel();
  const missing = await run('quantize', 'none.onnx', '--calibration', 'x.npz', '--out', 'o.onnx');
  assert.match(missing.notes, /none\.onnx cannot be read: there is no such file/);
  const bytes = await readFile(model);
  await writeFile(path.join(folder, 'half.onnx'), bytes.subarray(0, bytes.length / 2));
  const half = await run('quantize', 'half.onnx', '--calibration', 'x.npz', '--out', 'o.onnx');
  assert.match(half.notes, /\[malformed\] half\.onnx: /);
  await writeFile(
    path.join(folder, 'z.npz'),
    encodeNpz(new Map([['z', tensor('float32', [2, 8], new Float32Array(16))]])),
  );
  const wrong = await run('quantize', 'dense.onnx', '--calibration', 'z.npz', '--out', 'o.onnx');
  assert.match(wrong.notes, /no array for the input "x"/);
  await assert.rejects(stat(path.join(folder, 'o.onnx')));
  const args = ['quantize', 'dense.onnx', '--calibration', 'x.npz', '--out', 'no/where.onnx'];
  const nowhere = await run(...args);
  assert.match(nowhere.notes, /no\/where\.onnx cannot be written: its folder does not exist/);
});

test('a table is as wide as its widest cells, with numbers to the right', () => {
  assert.equal(table(['a', 'count'], [['long name', 5]]), 'a          count\nlong name      5');
});

test('a trainer that does not exist is refused with those that do', async () => {
  const words = ['train', 'm', '--dataset', 'd', '--recipe', 'r.json', '--trainer', 'torch'];
  const { notes, code } = await run(...words);
  assert.match(notes, /'torch' is invalid. Allowed choices are onnx, tfjs/);
  assert.equal(code, exitCodes.usage);
});

test('another trainer is not asked of a recipe that trains an imported model further', async () => {
  const [data, recipe] = ['d', path.join(folder, 'tune.json')];
  await writeFile(recipe, JSON.stringify({ name: 't', base: { model: 'none.onnx', classes: 2 } }));
  const words = ['train', 'm', '--dataset', data, '--recipe', recipe, '--token', 't', '--trainer'];
  const tfjs = await run(...words, 'tfjs');
  assert.match(
    tfjs.notes,
    /Imported models are trained further by onnx alone; leave --trainer tfjs/,
  );
  assert.equal(tfjs.code, exitCodes.usage);
  assert.match((await run(...words, 'onnx')).notes, /none\.onnx cannot be read/);
});
