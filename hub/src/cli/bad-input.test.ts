import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { memoryUsage } from 'node:process';
import { after, before, test } from 'node:test';
import { encodeNpy, encodeNpz } from '@edgewise/models/data';
import { createGraphBuilder, type Model, writeModel } from '@edgewise/models/onnx';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import { exitCodes } from './io.ts';
import { runCommand, runCommandWith } from './testing/run-command.ts';
import {
  convolution,
  dense,
  edited,
  relu,
  retyped,
  rewired,
  samples,
  wave,
  withBranches,
  withGraph,
  withState,
} from './testing/small-models.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-bad-'));
  await writeArrays('x', { x: samples(40, 8) });
  await writeModelFile('good', dense());
  await said('quantize', 'good.onnx', '--calibration', 'x.npz', '--out', 'int8.onnx');
});
after(() => rm(folder, { recursive: true }));

const said = (...words: readonly string[]) => runCommand(folder, ...words);
const quantize = (model: string, data = 'x.npz', ...more: readonly string[]) =>
  said('quantize', `${model}.onnx`, '--calibration', data, '--out', 'out.onnx', ...more);

/** What is wrong with a model, what all three commands say about it, and whose fault it is. */
const brokenModels: Readonly<Record<string, readonly [Uint8Array | Model, RegExp, code?: number]>> =
  {
    'an empty file': [new Uint8Array(), /broken\.onnx: The file is not a whole ONNX model/],
    'a text': [new TextEncoder().encode('hello, a text'), /broken\.onnx: .* no ONNX file/],
    'half a file': [writeModel(dense()).subarray(0, 120), /\[malformed\] broken\.onnx: /],
    'a circle': [
      edited((nodes) => [rewired(nodes[0], 0, 'q'), ...nodes.slice(1), relu('back', 'y', 'q')]),
      /broken\.onnx: The graph runs in a circle at y/,
    ],
    'a value from nowhere': [
      edited((nodes) => [...nodes.slice(0, 1), relu('act', 'nowhere', 'y')]),
      /broken\.onnx: Node act \(Relu\) reads "nowhere", which is given by nothing/,
    ],
    'an output from nowhere': [
      edited((nodes) => nodes.slice(0, 1)),
      /broken\.onnx: Output "y" is given by nothing/,
    ],
    'a value that is given twice': [
      edited((nodes) => [...nodes, relu('again', 'h', 'y')]),
      /broken\.onnx: Node again \(Relu\) gives "y" a second time/,
    ],
    'a value from nowhere inside a branch': [
      withBranches({ reads: 'nowhere' }),
      /broken\.onnx: Node Relu-out \(Relu\) reads "nowhere", which is given by nothing/,
    ],
    'a node without an input that it needs': [
      edited((nodes) => nodes.map((node) => ({ ...node, inputs: node.inputs.slice(0, 1) }))),
      /broken\.onnx: Node h \(Gemm\) lacks input 2/,
    ],
    'two nodes of one name': [
      edited((nodes) => nodes.map((node) => ({ ...node, name: 'same' }))),
      /broken\.onnx: Two nodes are named "same"/,
    ],
  };

for (const [what, [model, reason]] of Object.entries(brokenModels)) {
  test(`${what} is refused by quantize, inspect and compare with its place`, async () => {
    const bytes = model instanceof Uint8Array ? model : writeModel(model);
    await writeFile(path.join(folder, 'broken.onnx'), bytes);
    for (const words of [
      ['quantize', 'broken.onnx', '--calibration', 'x.npz', '--out', 'out.onnx'],
      ['inspect', 'broken.onnx'],
      ['compare', 'good.onnx', 'broken.onnx', '--data', 'x.npz'],
    ]) {
      const { code, notes } = await said(...words);
      assert.equal(code, exitCodes.failed, notes);
      assert.match(notes, reason);
    }
  });
}

/** Models that no int8 file can be made of. */
const unfitModels: Readonly<Record<string, readonly [Model, RegExp]>> = {
  'a weight of NaN': [
    dense({ weights: wave(32).with(5, Number.NaN) }),
    /value "h" of Gemm "h" is NaN or infinite, for constant "w" holds NaN at position 5\. Export/,
  ],
  'an infinite bias': [
    dense({ bias: wave(4).with(1, Infinity) }),
    /of Gemm "h" is NaN .* constant "b" holds Infinity at position 1/,
  ],
  'an activation that overflows': [
    dense({ tail: (g, h) => g.op('Exp', [g.op('Mul', [h, g.scalar(1e4)])], { output: 'big' }) }),
    /run 1, value "big" of Exp "big" is NaN or infinite\. Check how the data were prepared/,
  ],
  'weights that do not fit what they multiply': [
    dense({ rows: 9 }),
    /unfit\.onnx: The model does not load: .*\(h\) Op \(Gemm\)/,
  ],
  'an operator set that is too old': [
    { ...dense(), opsets: new Map([['', 6]]) },
    /unfit\.onnx: The model uses operator set 6; export it again with version 7 or later/,
  ],
  'an operator set that does not exist yet': [
    { ...dense(), opsets: new Map([['', 99]]) },
    /unfit\.onnx: The model does not load: ONNX Runtime .* Opset 99 is under development/,
  ],
  'an operator that nobody knows': [
    edited((nodes) =>
      nodes.map((node) => ({
        ...node,
        name: `n-${node.op}`,
        op: node.op === 'Relu' ? 'Frob' : node.op,
      })),
    ),
    /unfit\.onnx: The model does not load: .*"n-Relu", Frob/,
  ],
  'no node': [
    withGraph({ nodes: [], outputs: dense().graph.inputs }),
    /computes nothing: it has no node to shrink|does not load/,
  ],
};

for (const [what, [model, reason]] of Object.entries(unfitModels)) {
  test(`quantize refuses a model with ${what} and says what to do`, async () => {
    await writeModelFile('unfit', model);
    const { code, notes } = await quantize('unfit');
    assert.notEqual(code, exitCodes.done);
    assert.match(notes, reason);
    assert.doesNotMatch(notes, /onnxruntime_src|\n {4}at /);
  });
}

test('options that contradict each other, and an int8 model, are refused before any work', async () => {
  const lines: string[] = [];
  const onProgress = (line: string) => lines.push(line);
  const words = ['quantize', 'int8.onnx', '--calibration', 'x.npz', '--out', 'out.onnx'];
  await runCommandWith(folder, { onProgress }, ...words, '--percentile', '9');
  assert.equal(lines.length, 0);
  await runCommandWith(folder, { onProgress }, ...words);
  assert.deepEqual(
    lines.filter((line) => line.includes('█')),
    [],
  );
});

test('options that can be had of no data are refused before data are read', async () => {
  await writeFile(path.join(folder, 'torn.npz'), 'no arrays');
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--calibrate', 'percentile', '--percentile', '101'], /at most at 100: 101/],
    [['--like-onnxruntime', '--calibrate', 'auto'], /does not choose its method/],
    [['--like-onnxruntime', '--calibrate', 'mse'], /no calibration "mse"/],
    [['--like-onnxruntime', '--ada-round'], /learns no rounding/],
    [['--like-onnxruntime', '--weight-bits', '4'], /no weights of 4 bits in whole bytes/],
  ];
  for (const [words, reason] of refused) {
    const { code, notes } = await quantize('good', 'torn.npz', ...words);
    assert.equal(code, exitCodes.usage);
    assert.match(notes, reason);
  }
});

test('a model that is int8 already is refused with the node that shows it', async () => {
  const { code, notes } = await quantize('int8');
  assert.equal(code, exitCodes.usage);
  assert.match(notes, /quantized already, at node \w+ \(DequantizeLinear\)\. Start from the float/);
});

/** Data that calibrate nothing. */
const badData: Readonly<Record<string, readonly [Readonly<Record<string, Tensor>>, RegExp]>> = {
  'no sample': [{ x: samples(0, 8) }, /data\.npz: There are no samples in it/],
  NaN: [
    { x: samples(40, 8, (at) => (at === 33 ? Number.NaN : 1)) },
    /data\.npz: "x" holds NaN in sample 5, at position 1\. Mend that sample or leave it out/,
  ],
  infinity: [
    { x: samples(40, 8, (at) => (at === 320 - 1 ? -Infinity : 1)) },
    /data\.npz: "x" holds -Infinity in sample 40, at position 7/,
  ],
  'another name': [
    { a: samples(40, 8), b: samples(40, 8) },
    /data\.npz: There is no array for the input "x", only a, b/,
  ],
  'another size': [
    { x: samples(40, 9) },
    /data\.npz: "x" takes \[8\] per sample, the data have \[9\]/,
  ],
  'another type': [
    { x: tensor('int64', [40, 8], new BigInt64Array(320)) },
    /data\.npz: "x" takes float32, the data are int64/,
  ],
};

for (const [what, [arrays, reason]] of Object.entries(badData)) {
  test(`data with ${what} are refused by name, whatever reads them`, async () => {
    await writeArrays('data', arrays);
    for (const words of [
      ['quantize', 'good.onnx', '--calibration', 'data.npz', '--out', 'out.onnx'],
      [
        'quantize',
        'good.onnx',
        '--calibration',
        'data.npz',
        '--out',
        'out.onnx',
        '--like-onnxruntime',
      ],
      ['inspect', 'int8.onnx', '--float', 'good.onnx', '--data', 'data.npz'],
      ['compare', 'good.onnx', 'int8.onnx', '--data', 'data.npz'],
    ]) {
      const { code, notes } = await said(...words);
      assert.ok(code === exitCodes.usage || code === exitCodes.refused, notes);
      assert.match(notes, reason);
    }
  });
}

test('data of an unknown kind, a preprocessing nobody knows and an open size say what there is', async () => {
  await writeFile(path.join(folder, 'notes.txt'), 'hello');
  assert.match(
    (await quantize('good', 'notes.txt')).notes,
    /notes\.txt: It is none of \.npz, \.npy, \.csv and IDX/,
  );
  await writeModelFile('open', convolution(['n', 3, 'a', 'b']));
  await mkdir(path.join(folder, 'pictures'));
  const unknown = await quantize('open', 'pictures', '--preprocess', 'imagnet');
  assert.match(unknown.notes, /"imagnet" is no file and none of raw, unit, signed, imagenet/);
  const open = await quantize('open', 'pictures', '--preprocess', 'unit');
  assert.match(open.notes, /give "size": \[height, width\] in a JSON file with --preprocess/);
  assert.match(open.notes, /or fix them: --shape x=\?,3,224,224\./);
});

test('labels that are no class numbers are refused with the first of them', async () => {
  const classes = tensor('int64', [40], new BigInt64Array(40).fill(9n));
  await writeArrays('labelled', { x: samples(40, 8), y: classes });
  const words = ['compare', 'good.onnx', 'int8.onnx', '--data'];
  const stray = await said(...words, 'labelled.npz');
  assert.match(stray.notes, /Label 9 of sample 1 is no class: there are 0 to 3/);
  assert.equal(stray.code, exitCodes.usage);
  const halves = tensor('float32', [40], new Float32Array(40).fill(0.5));
  await writeFile(path.join(folder, 'halves.npy'), encodeNpy(halves));
  const given = await said(...words, 'x.npz', '--labels', 'halves.npy');
  assert.match(given.notes, /Label 0\.5 of sample 1 is no whole number/);
  await writeArrays('targets', { x: samples(40, 8), y: halves });
  const targets = await said(...words, 'targets.npz');
  assert.equal(targets.code, exitCodes.done, 'y of a regression is no label');
  assert.doesNotMatch(targets.out, /accuracy/);
});

test('arrays that only have as many numbers are not read in another order of axes', async () => {
  await writeModelFile('picture', convolution(['n', 3, 8, 8]));
  const numbers = samples(4, 192);
  await writeArrays('pixels-first', { x: { ...numbers, dims: [4, 8, 8, 3] } });
  const refused = await quantize('picture', 'pixels-first.npz');
  assert.equal(refused.code, exitCodes.usage);
  assert.match(
    refused.notes,
    /"x" takes \[3, 8, 8\] per sample, the data have \[8, 8, 3\]\. Bring their axes into that order/,
  );
  for (const dims of [
    [4, 192],
    [4, 1, 3, 8, 8],
  ]) {
    await writeArrays('same', { x: { ...numbers, dims } });
    assert.equal((await quantize('picture', 'same.npz')).code, exitCodes.done);
  }
});

test('an empty folder of images and an empty table are no data', async () => {
  await writeModelFile('picture', convolution(['n', 3, 8, 8]));
  await mkdir(path.join(folder, 'photos'));
  const photos = await quantize('picture', 'photos', '--preprocess', 'unit');
  assert.match(photos.notes, /photos holds no images/);
  await writeFile(path.join(folder, 'x.csv'), 'a,b\n');
  assert.match((await quantize('good', 'x.csv')).notes, /x\.csv: .* a header and no row below it/);
});

test('whole numbers are asked of an input that takes them', async () => {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Add', [g.input('x', 'int64', ['n', 8]), g.ints([1])], { output: 'y' });
  g.output('y', 'int64', ['n', 8]);
  await writeModelFile('whole', g.build());
  const { code, notes } = await quantize('whole');
  assert.equal(code, exitCodes.usage);
  assert.match(notes, /x\.npz: "x" takes whole numbers, the data are float32 with fractions/);
});

test('a model without an input has nothing to be fed', async () => {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Relu', [g.initializer('c', tensor('float32', [2], wave(2)))], { output: 'y' });
  g.output('y', 'float32', [2]);
  await writeModelFile('still', g.build());
  assert.match((await quantize('still')).notes, /takes no input: there is nothing to feed it/);
});

test('constant data, constant weights and channels of zeros make an int8 model that agrees', async () => {
  const zeroChannel = Float32Array.from(wave(32), (value, at) => (at % 4 === 1 ? 0 : value));
  const models = {
    zeros: dense({ weights: new Float32Array(32), bias: new Float32Array(4) }),
    equal: dense({ weights: new Float32Array(32).fill(0.5) }),
    channel: dense({ weights: zeroChannel }),
  };
  await writeArrays('still', { x: samples(10, 8, () => 0.5) });
  await writeArrays('zero', { x: samples(10, 8, () => 0) });
  for (const [name, model] of Object.entries(models)) {
    await writeModelFile(name, model);
    for (const data of ['x.npz', 'still.npz', 'zero.npz']) {
      const made = await quantize(name, data, '--report', 'page.html');
      assert.equal(made.code, exitCodes.done, made.notes);
      const page = await readFile(path.join(folder, 'page.html'), 'utf8');
      assert.doesNotMatch(page, /NaN|Infinity|undefined/);
      const { out } = await said('compare', `${name}.onnx`, 'out.onnx', '--data', data, '--json');
      const { largestDifference } = JSON.parse(out).outputs[0];
      assert.ok(largestDifference < 0.05, `${name} on ${data}: ${largestDifference}`);
    }
  }
});

test('a fixed batch takes whole batches, and one that is too large for the data says so', async () => {
  await writeModelFile('seven', dense({ batch: 7 }));
  const made = await quantize('seven', 'x.npz', '--report', 'page.html');
  assert.equal(made.code, exitCodes.done, made.notes);
  const compared = await said('compare', 'seven.onnx', 'out.onnx', '--data', 'x.npz', '--json');
  assert.equal(JSON.parse(compared.out).samples, 35);
  assert.equal(JSON.parse(compared.out).latency.samples, 7);
  const told = await said('compare', 'seven.onnx', 'out.onnx', '--data', 'x.npz');
  assert.match(told.out, /7 samples at once here: a/);
  await writeArrays('three', { x: samples(3, 8) });
  const few = await quantize('seven', 'three.npz');
  assert.equal(few.code, exitCodes.refused);
  assert.match(few.notes, /3 samples; the model takes 7 at a time/);
});

test('inputs without an axis of samples are fed one sample after the other', async () => {
  await writeModelFile('state', withState());
  await writeArrays('states', {
    x: tensor('float32', [6, 1, 8], wave(48)),
    state: tensor('float32', [6, 2, 1, 8], wave(96)),
    gain: tensor('float32', [6], Float32Array.of(1, 2, 3, 1, 2, 3)),
  });
  const made = await quantize('state', 'states.npz', '--report', 'page.html', '--json');
  assert.equal(made.code, exitCodes.done, made.notes);
  assert.ok(JSON.parse(made.out).quantized.length > 1);
  const { out } = await said('compare', 'state.onnx', 'out.onnx', '--data', 'states.npz', '--json');
  const { samples: count, outputs } = JSON.parse(out);
  assert.equal(count, 6);
  assert.ok(outputs[0].sqnrDb > 25);
  const classes = await quantize('state', 'states.npz', '--for', 'x64');
  assert.match(classes.notes, /Devices feed samples along the first axis: leave --for out/);
});

test('an input that is always the same is frozen, and what cannot be is named', async () => {
  await writeModelFile('state', withState());
  const words = ['state', 'states.npz', '--freeze'] as const;
  const made = await quantize(...words, 'gain=2', '--json');
  assert.equal(made.code, exitCodes.done, made.notes);
  const { inputs } = JSON.parse((await said('inspect', 'out.onnx', '--json')).out);
  assert.deepEqual(
    (inputs as { name: string }[]).map(({ name }) => name),
    ['x', 'state'],
  );
  const same = ['--data', 'states.npz', '--freeze', 'gain=2', '--json'];
  const { out, notes } = await said('compare', 'state.onnx', 'out.onnx', ...same);
  assert.ok(JSON.parse(out).outputs[0].sqnrDb > 25, notes);
  assert.match(
    (await quantize(...words, 'gian=2')).notes,
    /"gian", which is no input; there are x, state, gain/,
  );
  assert.match(
    (await quantize(...words, 'gain=2,3')).notes,
    /"gain" takes \[\], 1 numbers; --freeze gives 2/,
  );
  assert.match((await quantize(...words, 'gain')).notes, /--freeze takes NAME=NUMBER/);
});

test('device classes are built for a batch of one and for any, not for another', async () => {
  await writeModelFile('one', dense({ batch: 1 }));
  const one = await quantize('one', 'x.npz', '--for', 'x64,web-wasm');
  assert.equal(one.code, exitCodes.done, one.notes);
  const seven = await quantize('seven', 'x.npz', '--for', 'x64');
  assert.match(seven.notes, /takes 7 vectors at a time; export it for one, or for any number/);
});

test('a model of open height and width is quantized in the size of the data', async () => {
  await writeModelFile('open', convolution(['n', 3, 'h', 'w']));
  await writeArrays('images', { x: tensor('float32', [4, 3, 9, 7], wave(4 * 189)) });
  const { code, notes } = await quantize('open', 'images.npz', '--json');
  assert.equal(code, exitCodes.done, notes);
  const open = await said('inspect', 'out.onnx', '--json');
  assert.deepEqual(JSON.parse(open.out).inputs[0].dims, [1, 3, 'h', 'w']);
});

for (const dtype of ['float16', 'float64'] as const) {
  test(`a model of ${dtype} numbers is read as float32 by every command, and that is said`, async () => {
    await writeModelFile('other', retyped(dense(), dtype));
    const made = await quantize('other', 'x.npz', '--report', 'page.html', '--json');
    assert.equal(made.code, exitCodes.done, made.notes);
    assert.match(made.notes, /other\.onnx: its float16 and float64 numbers are read as float32/);
    assert.equal(JSON.parse(made.out).quantized.length, 2);
    assert.equal((await said('inspect', 'other.onnx')).code, exitCodes.done);
    const { out } = await said('compare', 'other.onnx', 'good.onnx', '--data', 'x.npz', '--json');
    const { sqnrDb } = JSON.parse(out).outputs[0];
    assert.ok(Number(sqnrDb) > 40, 'exactly equal, or nearly');
  });
}

test('If and Loop stay in float with what lies inside, and are named', async () => {
  await writeModelFile('inner', withBranches());
  for (const more of [[], ['--like-onnxruntime']]) {
    const { out, notes, code } = await quantize('inner', 'x.npz', '--json', ...more);
    assert.equal(code, exitCodes.done, notes);
    const float = (JSON.parse(out).float as { op: string; reason: string }[]).map(
      ({ op, reason }) => `${op}: ${reason}`,
    );
    assert.ok(float.includes('If: its operator has no int8 form'), float.join('\n'));
    assert.ok(float.includes('Relu: it lies inside chosen (If)'), float.join('\n'));
    assert.ok(float.includes('Loop: its operator has no int8 form'), float.join('\n'));
    assert.ok(float.includes('Add: it lies inside y (Loop)'), float.join('\n'));
  }
  const { out } = await said('compare', 'inner.onnx', 'out.onnx', '--data', 'x.npz', '--json');
  assert.ok(JSON.parse(out).outputs[0].sqnrDb > 25);
});

test('weights in a file beside the model are read, and what is missing there is said', async () => {
  const weights = wave(32);
  await writeBeside('beside', Buffer.from(weights.buffer));
  const made = await quantize('beside', 'x.npz', '--json');
  assert.equal(made.code, exitCodes.done, made.notes);
  const { out } = await said('compare', 'good.onnx', 'beside.onnx', '--data', 'x.npz', '--json');
  assert.equal(JSON.parse(out).outputs[0].sqnrDb, 'Infinity');
  await writeBeside('beside', Buffer.from(weights.buffer).subarray(0, 20));
  const short = await quantize('beside');
  assert.match(short.notes, /beside\.onnx: beside\.bin ends after 20 bytes; 128 bytes are needed/);
  await rm(path.join(folder, 'beside.bin'));
  const gone = await quantize('beside');
  assert.match(gone.notes, /\[not-found\] beside\.onnx: beside\.bin, .* Put it beside the model/);
});

test('a model above 2 GiB is refused before it is read', async () => {
  await writeHuge();
  const before = memoryUsage().rss;
  for (const words of [
    ['inspect', 'huge.onnx'],
    ['quantize', 'huge.onnx', '--calibration', 'x.npz', '--out', 'out.onnx'],
    ['compare', 'good.onnx', 'huge.onnx', '--data', 'x.npz'],
  ]) {
    const { notes, code } = await said(...words);
    assert.equal(code, exitCodes.failed);
    assert.match(notes, /\[unsupported\] huge\.onnx: The model has 2\.2 GiB or more; up to 2 GiB/);
  }
  assert.ok(memoryUsage().rss - before < 200 * 2 ** 20);
});

test('compare refuses models that take other inputs, and counts no answer of NaN as agreement', async () => {
  await writeModelFile('picture', convolution(['n', 3, 8, 8]));
  const other = await said('compare', 'good.onnx', 'picture.onnx', '--data', 'x.npz');
  assert.match(other.notes, /good\.onnx takes x \[\?, 8\], picture\.onnx takes x \[\?, 3, 8, 8\]/);
  await writeModelFile('nan', dense({ weights: wave(32).with(0, Number.NaN) }));
  const { out } = await said('compare', 'good.onnx', 'nan.onnx', '--data', 'x.npz');
  assert.match(out, /y: one gives NaN or infinity where the other does not/);
  assert.match(out, /same top class \(y\): 0\.00 %/);
});

test('which of two models does not run is said, whichever it is', async () => {
  // Says that it takes any number, and takes three.
  await writeModelFile('three', dense({ tail: (g, h) => g.op('Reshape', [h, g.ints([3, 4])]) }));
  for (const pair of [
    ['good.onnx', 'three.onnx'],
    ['three.onnx', 'good.onnx'],
  ]) {
    const { notes, code } = await said('compare', ...pair, '--data', 'x.npz');
    assert.equal(code, exitCodes.usage);
    assert.match(notes, /\[invalid-argument\] three\.onnx: The model did not run/);
  }
  const float = await said('inspect', 'int8.onnx', '--float', 'three.onnx', '--data', 'x.npz');
  assert.match(float.notes, /\[invalid-argument\] three\.onnx: The model did not run/);
  const int8 = await said('inspect', 'three.onnx', '--float', 'good.onnx', '--data', 'x.npz');
  assert.match(int8.notes, /\[invalid-argument\] three\.onnx: The model did not run/);
  const made = await quantize('three');
  assert.match(made.notes, /\[invalid-argument\] three\.onnx: The model did not run/);
});

test('a model that says any number of samples and takes one is run with one', async () => {
  await writeModelFile('single', dense({ tail: (g, h) => g.op('Reshape', [h, g.ints([1, 4])]) }));
  const only = /single\.onnx: it runs with one sample at a time only, though it says any number/;
  const made = await quantize('single', 'x.npz', '--report', 'page.html');
  assert.equal(made.code, exitCodes.done, made.notes);
  assert.match(made.notes, only);
  const words = ['compare', 'good.onnx', 'single.onnx', '--data', 'x.npz', '--json'];
  const { out, notes } = await said(...words);
  assert.match(notes, only);
  assert.equal(JSON.parse(out).outputs[0].sqnrDb, 'Infinity');
  const seen = await said('inspect', 'out.onnx', '--float', 'single.onnx', '--data', 'x.npz');
  assert.equal(seen.code, exitCodes.done, seen.notes);
  const { notes: good } = await said('compare', 'good.onnx', 'int8.onnx', '--data', 'x.npz');
  assert.doesNotMatch(good, only);
});

test('a model that an option with several values has swallowed is asked for', async () => {
  const words = ['quantize', '--freeze', 'a=1', 'good.onnx', '--calibration', 'x.npz'];
  const { notes, code } = await said(...words, '--out', 'out.onnx');
  assert.equal(code, exitCodes.usage);
  assert.match(notes, /missing required argument 'model'.*Models stand before options that take/s);
});

test('a node to exclude that does not exist, and a percentile that is no number, are named', async () => {
  assert.match((await quantize('good', 'x.npz', '--exclude', 'z')).notes, /no node "z"; .* lists/);
  const excluded = await quantize('good', 'x.npz', '--exclude', 'h', '--json');
  assert.ok(
    (JSON.parse(excluded.out).float as { node: string; reason: string }[]).some(
      ({ node, reason }) => node === 'h' && reason === 'it is excluded',
    ),
  );
  const words = ['--calibrate', 'percentile', '--percentile', 'most'];
  assert.match((await quantize('good', 'x.npz', ...words)).notes, /takes a number, not "most"/);
});

async function writeArrays(name: string, arrays: Readonly<Record<string, Tensor>>): Promise<void> {
  const bytes = encodeNpz(new Map(Object.entries(arrays)));
  await writeFile(path.join(folder, `${name}.npz`), bytes);
}

async function writeModelFile(name: string, model: Model): Promise<void> {
  await writeFile(path.join(folder, `${name}.onnx`), writeModel(model));
}

/** The dense model with its weights in `name`.bin. */
async function writeBeside(name: string, bytes: Uint8Array): Promise<void> {
  const external = { location: `${name}.bin`, fromBytes: 100, write: () => undefined };
  await writeFile(path.join(folder, `${name}.onnx`), writeModel(dense(), { external }));
  await writeFile(path.join(folder, `${name}.bin`), bytes);
}

/** A sum of 24 constants of 100 MB each, in a file of 2.4 GB that takes no room on the disk. */
async function writeHuge(): Promise<void> {
  const g = createGraphBuilder({ name: 'g' });
  let sum = g.input('x', 'float32', ['n', 8]);
  const zeros = new Float32Array(25_000_000);
  for (let at = 0; at < 24; at++) {
    const part = g.initializer(`c${at}`, tensor('float32', [25_000_000], zeros));
    sum = g.op('Add', [sum, part], at === 23 ? { output: 'y' } : {});
  }
  g.output('y', 'float32', ['n', 8]);
  const external = { location: 'huge.bin', write: () => undefined };
  await writeFile(path.join(folder, 'huge.onnx'), writeModel(g.build(), { external }));
  await using file = await open(path.join(folder, 'huge.bin'), 'w');
  await file.truncate(24 * 100_007_936);
}
