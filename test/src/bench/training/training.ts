import type { BenchContext, RunBench } from '../bench.ts';
import { findPython } from '../quantize/find-python.ts';
import { atMost, type BenchResult, beside, timesReference } from '../result.ts';
import { type NetworkName, networkNames, workloads } from './networks.ts';
import { countWeightBuffers, createOurs } from './ours.ts';
import { type Framework, frameworks, type Peer, startPeer } from './peer.ts';
import { compareSides } from './rounds.ts';
import type { Side } from './side.ts';
import { measureTfjs } from './tfjs.ts';

/** Smallest ratios of our speed to that of others. */
const bounds = { tfjs: 50, compiled: 0.5, eager: { tensorflow: 3, torch: undefined } } as const;

const threadCounts = [1, 2] as const;

/** A peer's side and what our speed beside it must be; `undefined` where it is only printed. */
interface Rival {
  readonly side: Side;
  readonly bound: number | undefined;
}

/** Trains three networks beside tfjs in plain JavaScript, and beside what Python has. */
export const benchTraining: RunBench = async (context) => {
  await using cleanup = new AsyncDisposableStack();
  const rivals: Rival[] = [];
  for (const framework of frameworks) {
    for (const peer of await startPeers(framework, context)) {
      cleanup.use(peer);
      const { compiled, eager } = peer.sides;
      rivals.push({ side: compiled, bound: bounds.compiled });
      rivals.push({ side: eager, bound: bounds.eager[framework] });
    }
  }
  const results: BenchResult[] = [];
  for (const network of networkNames) {
    results.push(...(await benchNetwork(network, rivals, context)));
  }
  return results;
};

async function startPeers(framework: Framework, { say }: BenchContext): Promise<readonly Peer[]> {
  const python = await findPython([framework]);
  if (python !== undefined) {
    return threadCounts.map((threads) => startPeer(python, framework, threads));
  }
  say.fact(`${framework} is skipped: no Python with it (EDGEWISE_PYTHON)`);
  return [];
}

async function benchNetwork(
  network: NetworkName,
  rivals: readonly Rival[],
  { say, seed }: BenchContext,
): Promise<readonly BenchResult[]> {
  const { title } = workloads[network];
  const [one, two] = [createOurs(1, seed), createOurs(2, seed)];
  const sides = [one, two, ...rivals.map(({ side }) => side)];
  const speeds = await compareSides(network, sides, (text) => say.progress(text));
  const speed = (side: Side): number => speeds.get(side) ?? Number.NaN;
  say.progress(`${network}: tfjs, which takes a while`);
  const tfjs = await measureTfjs(network);
  const buffers = await countWeightBuffers({ network, batchSize: 4, steps: 8 }, seed);
  const figure = (side: Side, bound: number, reference: number) =>
    ({ value: speed(side), unit: 'images/s', bound, reference }) as const;
  return [
    timesReference(`${title}, 1 thread, beside tfjs`, figure(one, bounds.tfjs, tfjs)),
    timesReference(`${title}, 2 threads, beside 1`, figure(two, 1, speed(one))),
    ...rivals.map(({ side, bound }) => {
      const ours = side.threads === 1 ? one : two;
      const name = `${title}, ${threadText(side)}, beside ${side.name}`;
      if (bound !== undefined) return timesReference(name, figure(ours, bound, speed(side)));
      return beside(name, { value: speed(ours), unit: 'images/s', reference: speed(side) });
    }),
    atMost(`${title}, sets of memory that held the weights over ten steps`, {
      ...{ value: buffers, unit: 'sets', bound: 2 },
    }),
  ];
}

const threadText = ({ threads }: Side): string => (threads === 1 ? '1 thread' : '2 threads');
