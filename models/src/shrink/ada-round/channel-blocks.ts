import { tensor } from '../../tensor/tensor.ts';
import type { ProductLayout } from './product-layout.ts';
import type { RowBatch } from './sample-rows.ts';

/** Weights that are learned at once at most; in larger layers, blocks of output channels take turns. */
export const weightsAtOnce = 2 ** 21;

/**
 * Output channels that are learned together: some whole groups, or some channels of one group. What a
 * channel's weights do is seen in no other channel, so that a block learns what it would in the layer.
 */
export interface ChannelBlock {
  /** Of these channels alone, in the layer's weight. */
  readonly layout: ProductLayout;
  /** The layer's output channels, in the order of the block. */
  readonly channels: readonly number[];
  /** The part of a layer's rows that the block sees and gives. */
  rowsOf(batch: RowBatch): RowBatch;
}

/** The blocks of a layer with at most so many weights each, or one channel; most are equally large. */
export function channelBlocks(layout: ProductLayout, most: number): readonly ChannelBlock[] {
  const { groups, depth, width } = layout;
  const spansOfGroups = spansIn(groups, Math.floor(most / (depth * width)));
  // Those of equal width follow each other.
  return spansIn(width, Math.floor(most / depth)).flatMap((columns) =>
    spansOfGroups.map((some) => blockOf(layout, { groups: some, columns })),
  );
}

interface Span {
  readonly from: number;
  readonly size: number;
}

function spansIn(total: number, most: number): readonly Span[] {
  const size = Math.ceil(total / Math.ceil(total / Math.max(1, most)));
  return Array.from({ length: Math.ceil(total / size) }, (_, at) => {
    return { from: at * size, size: Math.min(size, total - at * size) };
  });
}

interface Spans {
  readonly groups: Span;
  /** Output channels of each group. */
  readonly columns: Span;
}

function blockOf(layout: ProductLayout, spans: Spans): ChannelBlock {
  const { groups, columns } = spans;
  const channels = Array.from({ length: groups.size * columns.size }, (_, at) => {
    const group = groups.from + Math.floor(at / columns.size);
    return group * layout.width + columns.from + (at % columns.size);
  });
  const isWhole = channels.length === layout.groups * layout.width;
  return {
    layout: {
      ...{ ...layout, groups: groups.size, width: columns.size },
      placeOf: (group, row, column) =>
        layout.placeOf(groups.from + group, row, columns.from + column),
    },
    channels,
    rowsOf: (batch) => (isWhole ? batch : partOf(batch, spans)),
  };
}

function partOf({ input, wanted }: RowBatch, { groups, columns }: Spans): RowBatch {
  const [, rows = 0, depth = 0] = input.dims;
  const [, , width = 0] = wanted.dims;
  const seen = input.data.subarray(
    groups.from * rows * depth,
    (groups.from + groups.size) * rows * depth,
  );
  const given = new Float32Array(groups.size * rows * columns.size);
  for (let row = 0; row < groups.size * rows; row++) {
    const start = (groups.from * rows + row) * width + columns.from;
    given.set(wanted.data.subarray(start, start + columns.size), row * columns.size);
  }
  return {
    input: tensor('float32', [groups.size, rows, depth], seen),
    wanted: tensor('float32', [groups.size, rows, columns.size], given),
  };
}
