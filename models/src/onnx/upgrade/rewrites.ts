import { intOf } from '../edit.ts';
import {
  clip,
  dftAxis,
  dropoutMask,
  dropoutRatio,
  listToInput,
  pad,
  slice,
  splitCount,
  topK,
} from './attribute-inputs.ts';
import { attributesOf, type Rewrite } from './old-node.ts';
import { gridSample, resize, roiAlign, upsample, upsampleScales } from './resize.ts';
import { alongRows } from './softmax.ts';

const axesInput = listToInput('axes', 1);

/** BatchNormalization-7 to 9: statistics are always per channel. */
const batchNormSpatial: Rewrite = (old) => {
  if (intOf(old.node, 'spatial', 1) === 0) old.refuse('it normalises every position by itself');
  return [{ ...old.node, attributes: attributesOf(old.node, ['spatial']) }];
};

/** BatchNormalization-9 to 14: before, more than one output meant training. */
const batchNormMode: Rewrite = (old) => {
  if (old.node.outputs.slice(1).some((name) => name !== '')) {
    old.refuse('it was exported for training');
  }
  return [old.node];
};

const refused =
  (reason: string): Rewrite =>
  (old) =>
    old.refuse(reason);

/**
 * What changed in a way that matters, by the operator set version that changed it (ONNX
 * Changelog): the rewrite leads from the version before. An operator that only took more types or
 * optional inputs and attributes is not listed; a new change is one entry.
 */
export const rewrites: Readonly<Record<number, Readonly<Record<string, Rewrite>>>> = {
  9: {
    BatchNormalization: batchNormSpatial,
    Scan: refused('Scan before operator set 9 has a batch axis'),
    Upsample: upsampleScales,
  },
  10: { Dropout: dropoutMask, Slice: slice, TopK: topK },
  11: {
    Clip: clip,
    Pad: pad,
    Resize: resize,
    Scatter: ({ node }) => [{ ...node, op: 'ScatterElements' }],
    Upsample: upsample,
  },
  12: { Dropout: dropoutRatio },
  13: {
    Hardmax: alongRows,
    LogSoftmax: alongRows,
    ReduceSum: axesInput,
    Softmax: alongRows,
    Split: listToInput('split', 1),
    Squeeze: axesInput,
    Unsqueeze: axesInput,
  },
  14: { BatchNormalization: batchNormMode },
  16: { RoiAlign: roiAlign },
  18: {
    ReduceL1: axesInput,
    ReduceL2: axesInput,
    ReduceLogSum: axesInput,
    ReduceLogSumExp: axesInput,
    ReduceMax: axesInput,
    ReduceMean: axesInput,
    ReduceMin: axesInput,
    ReduceProd: axesInput,
    ReduceSumSquare: axesInput,
    Split: splitCount,
  },
  20: { DFT: dftAxis, GridSample: gridSample },
  21: { GroupNormalization: refused('its scale is per group; export it at operator set 21') },
};
