import { FleetError } from '@edgewise/protocol';
import { chooseExtremes, makeGolden } from '../bundle/golden.ts';
import type { Golden } from '../bundle/golden-file.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { vectorCount, vectorOf } from '../bundle/vectors.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { limitsFor } from './limits-for.ts';
import { swayOf } from './sway.ts';
import { watchEnds } from './watch-ends.ts';

/** Golden vectors of a graph, and how far a device may deviate from them. */
export interface Proof {
  readonly golden: Golden;
  readonly parity: Manifest['parity'];
}

/** How a proof is made. */
export interface ProofOptions {
  readonly runtime: Runtime;
  /** Output whose largest element is the answer; absent for tasks without classes. */
  readonly topOutput?: string;
  readonly signal?: AbortSignal;
}

/** Golden vectors at least: a few seconds of work for the slowest device. */
const leastVectors = 12;
/** Golden vectors at most, where every end of a range needs one of its own. */
const mostVectors = 64;

/**
 * Golden vectors of a graph that is ready to be delivered: inputs among `candidates` that reach both
 * ends of every activation range, with the answers of the graph as it is written, so that every
 * device must agree with the same numbers. They stay below half the size of the graph, unless it is
 * tiny: then there are twelve, or as many as there are candidates. Rejects with `unsupported` for
 * outputs that do not hold one answer for each vector.
 */
export async function goldenFor(
  graph: Uint8Array,
  candidates: Feeds,
  { runtime, topOutput, signal }: ProofOptions,
): Promise<Proof> {
  const available = vectorCount(candidates);
  const stop = signal === undefined ? {} : { signal };
  const load = { optimise: 'none', ...stop } as const;
  await using session = await runtime.load(graph, load);
  const model = readModel(graph);
  await using ends = await runtime.load(writeModel(watchEnds(model)), load);
  const choose = chooseExtremes(ends, { least: leastVectors, ...stop });
  const first = vectorOf(candidates, 0);
  const most = mostOf(graph.length, [first, answersIn(await session.run(first, stop))]);
  const vectors = Math.min(most, available);
  const golden = await makeGolden(session, candidates, { vectors, choose, ...stop });
  const top = topOutput === undefined ? {} : { topOutput };
  const sway = await swayOf(model, golden, { runtime, ...top, ...stop });
  return { golden, parity: limitsFor(golden, { model, sway, ...top }) };
}

/** The outputs for one vector, which must be fit to be golden. */
function answersIn(outputs: Feeds): Feeds {
  for (const [name, { dims, data }] of Object.entries(outputs)) {
    if (dims[0] === 1 && data.length > 0) continue;
    throw new FleetError(
      'unsupported',
      `Output "${name}" has the sizes [${dims.join()}] for one vector: golden answers need a first axis that counts vectors, and a number for each.`,
    );
  }
  return outputs;
}

function mostOf(graphBytes: number, vector: readonly Feeds[]): number {
  const tensors = vector.flatMap((feeds) => Object.values(feeds));
  const vectorBytes = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  const affordable = Math.floor(graphBytes / 2 / vectorBytes);
  return Math.min(Math.max(affordable, leastVectors), mostVectors);
}
