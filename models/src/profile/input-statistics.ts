import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { int } from '../onnx/builder.ts';
import { elementCount } from '../tensor/tensor.ts';
import { type Columns, levelOf, neighbourDifference, rangeOf, rootMeanSquare } from './columns.ts';
import { floatInput } from './float-input.ts';
import type { HeadWriter } from './head-writer.ts';
import { imageStatistics } from './image-statistics.ts';

/** Vectors up to this length are counted column by column, longer ones by their statistics. */
const mostColumns = 32;

/** What is counted of the raw input, by its kind. */
export function inputStatistics(
  writer: HeadWriter,
  input: ModelInput,
  columnNames: readonly string[] | undefined,
): readonly Columns[] {
  if (input.source === 'image') return imageStatistics(writer, input);
  const raw = floatInput(writer, input);
  const flat = writer.op('Flatten', [raw], { axis: int(1) });
  const length = elementCount(input.dims);
  if (input.source === 'vector' && length <= mostColumns) {
    return [{ value: flat, names: namesOf(columnNames, length) }];
  }
  const slope = input.source === 'waveform' ? [slopeOf(writer, flat, length)] : [];
  return [...levelOf(writer, flat), ...rangeOf(writer, flat), ...slope];
}

function namesOf(given: readonly string[] | undefined, length: number): readonly string[] {
  if (given === undefined) return Array.from({ length }, (_, index) => `column-${index + 1}`);
  if (given.length === length) return given;
  throw new FleetError('invalid-argument', `${given.length} names for ${length} columns.`);
}

function slopeOf(writer: HeadWriter, flat: string, length: number): Columns {
  const difference = neighbourDifference(writer, flat, { axis: 1, length });
  return { value: rootMeanSquare(writer, difference, [1]), names: ['slope'] };
}
