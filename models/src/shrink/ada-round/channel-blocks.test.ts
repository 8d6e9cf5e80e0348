import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import { type ChannelBlock, channelBlocks } from './channel-blocks.ts';
import { type ProductLayout, productLayoutOf } from './product-layout.ts';
import type { RowBatch } from './sample-rows.ts';

const layouts: Readonly<Record<string, ProductLayout>> = {
  'a matrix': layoutOf('MatMul', [5, 7]),
  'a turned matrix': layoutOf('Gemm', [7, 5], { transB: int(1) }),
  'a convolution': layoutOf('Conv', [6, 3, 2, 2]),
  'a depthwise one': layoutOf('Conv', [7, 1, 3, 3], { group: int(7) }),
  'a grouped one': layoutOf('Conv', [6, 2, 3, 1], { group: int(2) }),
  'a grouped transposed one': layoutOf('ConvTranspose', [6, 5, 2, 2], { group: int(3) }),
};

for (const [name, layout] of Object.entries(layouts)) {
  const { groups, depth, width } = layout;
  const size = groups * depth * width;
  const bounds = [1, depth, 2 * depth + 1, depth * width, 2 * depth * width, size];

  test(`the blocks of ${name} hold each weight once, and no more than may be`, () => {
    for (const most of bounds) {
      const blocks = channelBlocks(layout, most);
      const places = blocks.flatMap(placesOf);
      assert.deepEqual(
        places.toSorted((a, b) => a - b),
        [...Array(size).keys()],
      );
      for (const block of blocks) {
        assert.ok(placesOf(block).length <= Math.max(most, depth), `${most}`);
        assert.equal(block.channels.length, block.layout.groups * block.layout.width);
      }
    }
    assert.equal(channelBlocks(layout, size).length, 1);
  });

  test(`a block of ${name} gives what its channels give in the layer`, () => {
    const weights = Float32Array.from({ length: size }, (_, at) => (at % 11) - 5);
    const batch = rowsFor(layout, weights);
    for (const most of bounds) {
      for (const block of channelBlocks(layout, most)) {
        const { input, wanted } = block.rowsOf(batch);
        const part = { groups: block.layout.groups, rows, depth, width: block.layout.width };
        assert.deepEqual(input.dims, [part.groups, rows, depth]);
        assert.deepEqual(wanted.dims, [part.groups, rows, part.width]);
        assert.deepEqual(wanted.data, product(input.data, block.layout, weights));
        const [channel = NaN] = block.channels;
        const start = Math.floor(channel / width) * rows * width + (channel % width);
        assert.equal(wanted.data[0], batch.wanted.data[start]);
      }
    }
  });
}

test('blocks are about equally large, and few sizes follow each other', () => {
  const layout = { groups: 3, depth: 10, width: 100, kernel: [], placeOf: () => 0 };
  const widths = channelBlocks(layout, 350).map(({ channels }) => channels.length);
  assert.deepEqual(widths, [34, 34, 34, 34, 34, 34, 32, 32, 32]);
});

const rows = 3;

function layoutOf(op: string, dims: readonly number[], attributes = {}): ProductLayout {
  const node = { name: '', op, domain: '', inputs: ['x', 'w'], outputs: ['y'] };
  const layout = productLayoutOf(
    { ...node, attributes: new Map(Object.entries(attributes)) },
    dims,
  );
  assert.ok(layout !== undefined);
  return layout;
}

function placesOf({ layout: { groups, depth, width, placeOf } }: ChannelBlock): readonly number[] {
  return Array.from({ length: groups * depth * width }, (_, at) => {
    const row = Math.floor(at / width);
    return placeOf(Math.floor(row / depth), row % depth, at % width);
  });
}

/** Whole numbers, whose products have no rounding. */
function rowsFor(layout: ProductLayout, weights: Float32Array): RowBatch {
  const { groups, depth, width } = layout;
  const dims = [groups, rows, depth];
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => (at % 7) - 3);
  return {
    input: tensor('float32', dims, data),
    wanted: tensor('float32', [groups, rows, width], product(data, layout, weights)),
  };
}

function product(
  input: Float32Array,
  { groups, depth, width, placeOf }: ProductLayout,
  weights: Float32Array,
): Float32Array {
  return Float32Array.from({ length: groups * rows * width }, (_, at) => {
    const row = Math.floor(at / width);
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      const weight = weights[placeOf(Math.floor(row / rows), k, at % width)] ?? NaN;
      sum += (input[row * depth + k] ?? NaN) * weight;
    }
    return sum;
  });
}
