import type { Shrunk } from '@edgewise/models/shrink';
import { percent, sizeOf } from './io.ts';

type Report = Shrunk['report'];
type FloatNodes = Report['float'];

/** What `edgewise quantize` did, for people. */
export function quantizeText(out: string, report: Report, advice: readonly string[]): string {
  const { quantized, float, clippedBiases, bytesBefore, bytesAfter } = report;
  const { candidates = [], rounding = [] } = report;
  return [
    `${out}: ${sizeOf(bytesAfter)}, ${percent(bytesAfter / bytesBefore)} of ${sizeOf(bytesBefore)}`,
    `${quantized.length} nodes in int8, ${float.length} in float${float.length > few ? '; --json has all names' : ''}`,
    ...floatText(float),
    ...advice.map((line) => `  try  ${line}`),
    ...clippedBiases.map(
      ({ bias, clipped, numbers }) =>
        `  clipped  ${clipped} of ${numbers} numbers of bias ${bias}: --weights s8 makes room for them`,
    ),
    ...candidates.map((each) => `  tried  ${candidateName(each)}: error ${percent(each.error)}`),
    ...takenText(report),
    ...rounding.map(
      ({ node, nearestError, error }) =>
        `  rounded  ${node}: error ${percent(error)} instead of ${percent(nearestError)}`,
    ),
  ].join('\n');
}

/** So many nodes of one reason are named one by one; of more, operators are counted. */
const few = 3;

/** Nodes in float by their reason; inner graphs lie inside each other by the dozen, and count as one. */
export function floatText(float: FloatNodes): readonly string[] {
  const byReason = Map.groupBy(float, ({ reason }) => inside.exec(reason)?.[1] ?? reason);
  return [...byReason].map(([kind, nodes]) => {
    const reasons = new Set(nodes.map(({ reason }) => reason));
    const [only = kind] = reasons;
    const reason = reasons.size === 1 ? only : `it lies inside ${reasons.size} ${kind} nodes`;
    return `  float  ${reason}: ${nodesText(nodes)}`;
  });
}

/** The operator that a node lies inside. */
const inside = /^it lies inside .* \((\w+)\)$/;

function nodesText(nodes: FloatNodes): string {
  if (nodes.length <= few) return nodes.map(({ node, op }) => `${op} ${node}`).join(', ');
  const byOp = [...Map.groupBy(nodes, ({ op }) => op)].sort(([, a], [, b]) => b.length - a.length);
  return byOp.map(([op, all]) => `${all.length} ${op}`).join(', ');
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
