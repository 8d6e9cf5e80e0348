import type { ModelInput } from '../bundle/manifest.ts';
import { int } from '../onnx/builder.ts';
import {
  type Columns,
  levelOf,
  neighbourDifference,
  rangeOf,
  reshaped,
  rootMeanSquare,
} from './columns.ts';
import { floatInput } from './float-input.ts';
import type { HeadWriter } from './head-writer.ts';
import { type ImageLayout, layoutOf, patchMeans } from './image-layout.ts';
import { latticeStatistics } from './lattice-statistics.ts';

/** Images with more lines are looked at on a lattice: its pixels tell as much as all, in a fraction of a run. */
const mostLines = 64;

/** Level, range and gradients of an image; of a large one in grey, on a lattice of its pixels. */
export function imageStatistics(writer: HeadWriter, input: ModelInput): readonly Columns[] {
  const layout = layoutOf(input.dims);
  const lines = Math.max(layout.height, layout.width);
  const isLarge = lines > mostLines && Math.min(layout.height, layout.width) > 1;
  return isLarge
    ? latticeStatistics(writer, input, layout)
    : allStatistics(writer, floatInput(writer, input), layout);
}

function allStatistics(writer: HeadWriter, raw: string, layout: ImageLayout): readonly Columns[] {
  const { height, width, channels, isChannelsFirst } = layout;
  const axis = isChannelsFirst ? 1 : 3;
  const grey = channels === 1 ? raw : writer.reduce('ReduceMean', raw, [axis]);
  const plane = reshaped(writer, grey, [-1, 1, height, width]);
  const means = patchMeans(writer, plane, [height, width]);
  const directions = [
    { name: 'gradient-x', axis: 3, length: width },
    { name: 'gradient-y', axis: 2, length: height },
  ].filter(({ length }) => length > 1);
  return [
    ...levelOf(writer, writer.op('Flatten', [raw], { axis: int(1) })),
    ...rangeOf(writer, writer.op('Flatten', [means], { axis: int(1) })),
    ...directions.map(({ name, ...along }) => {
      const difference = neighbourDifference(writer, plane, along);
      const flat = writer.op('Flatten', [difference], { axis: int(1) });
      return { value: rootMeanSquare(writer, flat, [1]), names: [name] };
    }),
  ];
}
