import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, FleetError } from '@edgewise/protocol';
import { zlibSync } from 'fflate';
import { decodePng } from './png.ts';

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));
const u32 = (value: number): number[] =>
  [value >>> 24, value >>> 16, value >>> 8, value].map((b) => b & 255);
const chunk = (name: string, body: readonly number[]): number[] => [
  ...u32(body.length),
  ...ascii(name),
  ...body,
  ...[0, 0, 0, 0],
];

interface Picture {
  readonly size: readonly [width: number, height: number];
  readonly bitDepth?: number;
  readonly colorType: number;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
  readonly interlace?: number;
}

function png({ size, bitDepth = 8, colorType, rows, palette, interlace = 0 }: Picture): Uint8Array {
  const pixels = [...zlibSync(Uint8Array.from(rows.flat()))];
  const header = [...size.flatMap(u32), bitDepth, colorType, 0, 0, interlace];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk('IHDR', header),
    ...(palette === undefined ? [] : chunk('PLTE', palette)),
    ...chunk('IDAT', pixels.slice(0, 5)),
    ...chunk('tEXt', ascii('ignored')),
    ...chunk('IDAT', pixels.slice(5)),
    ...chunk('IEND', []),
  ]);
}

const fails = (bytes: Uint8Array, code: Code): void => {
  assert.throws(
    () => decodePng(bytes),
    (thrown) => thrown instanceof FleetError && thrown.code === code,
    code,
  );
};

test('every row filter is undone', () => {
  const { data, dims } = decodePng(
    png({
      size: [3, 5],
      colorType: 0,
      rows: [
        [0, 10, 20, 30],
        [1, 10, 10, 10],
        [2, 1, 1, 1],
        [3, 5, 0, 250],
        [4, 1, 2, 3],
      ],
    }),
  );
  assert.deepEqual(dims, [5, 3, 1]);
  assert.deepEqual([...data], [10, 20, 30, 10, 20, 30, 11, 21, 31, 10, 15, 17, 11, 17, 20]);
});

test('colour, transparency, palettes and other depths become bytes', () => {
  const cases: readonly [Picture, readonly number[], readonly number[]][] = [
    [{ size: [1, 1], colorType: 2, rows: [[0, 1, 2, 3]] }, [1, 1, 3], [1, 2, 3]],
    [{ size: [1, 1], colorType: 6, rows: [[0, 1, 2, 3, 99]] }, [1, 1, 3], [1, 2, 3]],
    [{ size: [2, 1], colorType: 4, rows: [[0, 7, 99, 8, 99]] }, [1, 2, 1], [7, 8]],
    [{ size: [2, 1], bitDepth: 16, colorType: 0, rows: [[0, 7, 1, 8, 1]] }, [1, 2, 1], [7, 8]],
    [
      { size: [4, 1], bitDepth: 1, colorType: 0, rows: [[0, 0b1010_0000]] },
      [1, 4, 1],
      [255, 0, 255, 0],
    ],
    [
      { size: [3, 1], bitDepth: 2, colorType: 0, rows: [[0, 0b00_01_11_00]] },
      [1, 3, 1],
      [0, 85, 255],
    ],
    [
      { size: [2, 1], bitDepth: 4, colorType: 3, rows: [[0, 0x10]], palette: [1, 2, 3, 4, 5, 6] },
      [1, 2, 3],
      [4, 5, 6, 1, 2, 3],
    ],
  ];
  for (const [picture, dims, pixels] of cases) {
    const image = decodePng(png(picture));
    assert.deepEqual(image.dims, dims);
    assert.deepEqual([...image.data], pixels);
  }
});

test('a PNG file cut anywhere is malformed', () => {
  const whole = png({ size: [1, 1], colorType: 2, rows: [[0, 1, 2, 3]] });
  for (let length = 0; length < whole.length; length++)
    fails(whole.subarray(0, length), 'malformed');
});

test('a PNG file that lies about its pixels is refused', () => {
  fails(png({ size: [2, 1], colorType: 2, rows: [[0, 1, 2, 3]] }), 'malformed');
  fails(png({ size: [1, 1], colorType: 2, rows: [[0, 1, 2, 3, 4]] }), 'malformed');
  fails(png({ size: [1, 1], colorType: 0, rows: [[9, 1]] }), 'malformed');
  fails(png({ size: [1, 1], colorType: 5, rows: [[0, 1]] }), 'malformed');
  fails(png({ size: [1, 1], colorType: 3, rows: [[0, 2]], palette: [1, 2, 3] }), 'malformed');
  fails(png({ size: [1, 1], colorType: 0, rows: [[0, 1]], interlace: 1 }), 'unsupported');
  fails(png({ size: [100_000, 100_000], colorType: 0, rows: [[0, 1]] }), 'too-large');
});
