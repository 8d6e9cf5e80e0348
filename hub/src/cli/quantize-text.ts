import { gzipSync } from 'node:zlib';
import type { Shrunk } from '@edgewise/models/shrink';
import { floatGroups } from '../report/float-groups.ts';
import { percent, sizeOf } from './io.ts';

type Report = Shrunk['report'];

/** What `edgewise quantize` did, for people. */
export function quantizeText(out: string, report: Report, more: MoreToSay): string {
  const { quantized, float, clippedBiases, bytesBefore, bytesAfter } = report;
  const { advice, narrow = [] } = more;
  const { candidates = [], rounding } = report;
  return [
    `${out}: ${sizeOf(bytesAfter)}, ${percent(bytesAfter / bytesBefore)} of ${sizeOf(bytesBefore)}`,
    ...narrow,
    `${quantized.length} ${quantized.length === 1 ? 'node' : 'nodes'} in int8, ${float.length} in float${float.length > 3 ? '; --json has all names' : ''}`,
    ...floatText(float),
    ...advice.map((line) => `  try  ${line}`),
    ...clippedBiases.map(
      ({ bias, clipped, numbers }) =>
        `  clipped  ${clipped} of ${numbers} numbers of bias ${bias}: --weights s8 makes room for them`,
    ),
    ...candidates.map((each) => `  tried  ${candidateName(each)}: error ${percent(each.error)}`),
    ...takenText(report),
    ...roundingText(rounding),
  ].join('\n');
}

/** What the report does not hold. */
export interface MoreToSay {
  /** What would bring more nodes into int8. */
  readonly advice: readonly string[];
  /** What fewer than eight bits a weight mean for the file. */
  readonly narrow?: readonly string[];
}

/** That fewer bits a weight leave the file as large as it is, and what they save where it is compressed. */
export function narrowText(weightBits: number, file: Uint8Array): readonly string[] {
  if (weightBits === 8) return [];
  const packed = sizeOf(gzipSync(file).length);
  return [
    `weights have ${weightBits} bits, each stored in a whole byte: only compressed is the file smaller (gzip: ${packed})`,
  ];
}

/** Nodes in float by their reason. */
export const floatText = (float: Report['float']): readonly string[] =>
  floatGroups(float).map(({ reason, nodes }) => `  float  ${reason}: ${nodes}`);

/** Layers that are named one by one. */
const mostRounded = 6;

/** What learning to round did: the layers that are worst off by name, the others in one line. */
export function roundingText(rounding: Report['rounding'] = []): readonly string[] {
  const worst = rounding.toSorted((a, b) => b.error - a.error).slice(0, mostRounded);
  const lines = worst.map(({ node, nearestError, error }) => {
    return `  rounded  ${node}: error ${percent(error)} instead of ${percent(nearestError)}`;
  });
  const others = rounding.length - worst.length;
  if (others <= 0) return lines;
  const mean = (of: 'error' | 'nearestError') =>
    percent(rounding.reduce((sum, layer) => sum + layer[of], 0) / rounding.length);
  const all = `${mean('error')} instead of ${mean('nearestError')} on the mean of all`;
  return [...lines, `  rounded  ${others} more layers, with less error each; ${all}`];
}

function takenText({ how, candidates = [] }: Report): readonly string[] {
  if (candidates.length === 0) return [];
  const taken = candidateName(how);
  const best = candidates.toSorted((a, b) => a.error - b.error)[0];
  const isBest = best !== undefined && candidateName(best) === taken;
  return [`taken: ${taken}${isBest ? '' : '; nothing was better by more than chance'}`];
}

/** A way to shrink, in words. */
export const candidateName = ({
  method,
  percentile,
  equalize: balanced,
  correctBias,
}: Report['how']): string =>
  [
    percentile === undefined ? method : `${method} ${percentile}`,
    ...(balanced ? ['equalized'] : []),
    ...(correctBias ? ['biases corrected'] : []),
  ].join(', ');
