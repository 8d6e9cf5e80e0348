import { type Random, shuffled } from '../../random/random.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ProductLayout } from './product-layout.ts';
import type { RowReader } from './row-reader.ts';

/** Some rows of a layer, side by side for all groups. */
export interface RowBatch {
  /** `[groups, rows, depth]` */
  readonly input: Tensor<'float32'>;
  /** `[groups, rows, width]` */
  readonly wanted: Tensor<'float32'>;
}

/** How many rows are taken. */
export interface RowCounts {
  /** At most this many rows in all ... */
  readonly most: number;
  /** ... and in each batch. */
  readonly batch: number;
}

/**
 * Draws rows at random, from each feed about the same number, and deals them out to batches of equal
 * size; a rest that fills no batch is left out. There is no batch only where there is no row.
 */
export function sampleRows(
  readers: readonly RowReader[],
  layout: ProductLayout,
  { most, batch, random }: RowCounts & { readonly random: Random },
): readonly RowBatch[] {
  const perFeed = Math.ceil(most / Math.max(1, readers.length));
  const drawn = readers.flatMap((reader) =>
    Array.from(someOf(reader.rows, perFeed, random), (row) => ({ reader, row })),
  );
  const order = shuffled(drawn.length, random);
  const size = Math.min(batch, drawn.length, most);
  if (size === 0) return [];
  const count = Math.floor(Math.min(drawn.length, most) / size);
  return Array.from({ length: count }, (_, at) => {
    const picked = order.subarray(at * size, (at + 1) * size);
    return batchOf(
      Array.from(picked, (index) => drawn[index] as Row),
      layout,
    );
  });
}

interface Row {
  readonly reader: RowReader;
  readonly row: number;
}

/** Distinct numbers below `bound`, `count` of them or all. */
function someOf(bound: number, count: number, random: Random): Iterable<number> {
  if (bound <= 2 * count) return shuffled(bound, random).subarray(0, count);
  const found = new Set<number>();
  while (found.size < count) found.add(random.below(bound));
  return found;
}

function batchOf(rows: readonly Row[], { groups, depth, width }: ProductLayout): RowBatch {
  const input = new Float32Array(groups * rows.length * depth);
  const wanted = new Float32Array(groups * rows.length * width);
  for (const [at, { reader, row }] of rows.entries()) {
    for (let group = 0; group < groups; group++) {
      const place = group * rows.length + at;
      reader.readInput(row, group, input.subarray(place * depth, (place + 1) * depth));
      reader.readOutput(row, group, wanted.subarray(place * width, (place + 1) * width));
    }
  }
  return {
    input: tensor('float32', [groups, rows.length, depth], input),
    wanted: tensor('float32', [groups, rows.length, width], wanted),
  };
}
