import type { BenchContext, RunBench } from '../bench.ts';
import { findPython } from '../quantize/find-python.ts';
import { atMost, type BenchResult, timesReference } from '../result.ts';
import { type NetworkName, networkNames, plainBatchSize, workloads } from './networks.ts';
import { countWeightBuffers, createOurs } from './ours.ts';
import { type Framework, frameworks, type Peer, startPeer } from './peer.ts';
import { compareSides } from './rounds.ts';
import type { Side } from './side.ts';
import { measureTfjs } from './tfjs.ts';

/**
 * Smallest ratios of our speed to that of others: each at its best batch size, but TensorFlow's eager
 * form, whose cost is one per operator rather than per image, with batches of 32 images on both sides.
 */
const bounds = {
  tfjs: 50,
  tensorflow: { compiled: 0.5, eager: 3 },
  torch: { compiled: 0.5, eager: 0.5 },
} as const;

const threadCounts = [1, 2] as const;

/** A peer's side, what our speed beside it must be, and at which of our sides. */
interface Rival {
  readonly side: Side;
  readonly ours: Side;
  readonly bound: number;
}

/** Trains three networks beside tfjs in plain JavaScript, and beside what Python has. */
export const benchTraining: RunBench = async (context) => {
  await using cleanup = new AsyncDisposableStack();
  const { seed } = context;
  const ours = { 1: createOurs(1, seed), 2: createOurs(2, seed) };
  const plain = { batchSizes: [plainBatchSize] };
  const oursPlain = { 1: createOurs(1, seed, plain), 2: createOurs(2, seed, plain) };
  const rivals: Rival[] = [];
  for (const framework of frameworks) {
    for (const { sides } of await startPeers(framework, context, cleanup)) {
      for (const mode of ['compiled', 'eager'] as const) {
        const side = sides[mode];
        const isPlain = framework === 'tensorflow' && mode === 'eager';
        const own = (isPlain ? oursPlain : ours)[side.threads];
        rivals.push({ side, ours: own, bound: bounds[framework][mode] });
      }
    }
  }
  const results: BenchResult[] = [];
  for (const network of networkNames) {
    results.push(...(await benchNetwork(network, { ours, rivals }, context)));
  }
  return results;
};

async function startPeers(
  framework: Framework,
  { say }: BenchContext,
  cleanup: AsyncDisposableStack,
): Promise<readonly Peer[]> {
  const python = await findPython([framework]);
  if (python !== undefined) {
    return threadCounts.map((threads) => cleanup.use(startPeer(python, framework, threads)));
  }
  say.fact(`${framework} is skipped: no Python with it (EDGEWISE_PYTHON)`);
  return [];
}

async function benchNetwork(
  network: NetworkName,
  {
    ours,
    rivals,
  }: { readonly ours: Readonly<Record<1 | 2, Side>>; readonly rivals: readonly Rival[] },
  { say, seed }: BenchContext,
): Promise<readonly BenchResult[]> {
  const { title } = workloads[network];
  const { 1: one, 2: two } = ours;
  const sides = new Set([one, two, ...rivals.flatMap((rival) => [rival.ours, rival.side])]);
  const speeds = await compareSides(network, [...sides], (text) => say.progress(text));
  const speed = (side: Side): number => speeds.get(side) ?? Number.NaN;
  say.progress(`${network}: tfjs, which takes a while`);
  const tfjs = await measureTfjs(network);
  const buffers = await countWeightBuffers({ network, batchSize: 4, steps: 8 }, seed);
  const figure = (side: Side, bound: number, reference: number) =>
    ({ value: speed(side), unit: 'images/s', bound, reference }) as const;
  return [
    timesReference(`${title}, 1 thread, beside tfjs`, figure(one, bounds.tfjs, tfjs)),
    timesReference(`${title}, 2 threads, beside 1`, figure(two, 1, speed(one))),
    ...rivals.map((rival) => {
      const { side, bound } = rival;
      const size = side.batchSizes === undefined ? '' : ' of 32 images';
      const name = `${title}, ${threadText(side)}, beside ${side.name}${size}`;
      return timesReference(name, figure(rival.ours, bound, speed(side)));
    }),
    atMost(`${title}, sets of memory that held the weights over ten steps`, {
      ...{ value: buffers, unit: 'sets', bound: 2 },
    }),
  ];
}

const threadText = ({ threads }: Side): string => (threads === 1 ? '1 thread' : '2 threads');
