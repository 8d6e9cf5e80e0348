import { median } from './median.ts';
import { type NetworkName, workloads } from './networks.ts';
import type { Side } from './side.ts';

const rounds = 3;

/**
 * Images per second of every side on one network, each at its best batch size. The sides take turns, so
 * that whatever else the machine does slows all of them; each figure is the median of its turns.
 */
export async function compareSides(
  network: NetworkName,
  sides: readonly Side[],
  onTurn: (text: string) => void,
): Promise<ReadonlyMap<Side, number>> {
  const best = new Map<Side, number>();
  for (const side of sides) {
    onTurn(`${network}: ${side.name}, ${side.threads} threads: choosing a batch size`);
    best.set(side, await bestBatchSize(network, side));
  }
  const speeds = new Map<Side, number[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      onTurn(`${network}: round ${round + 1} of ${rounds}, ${side.name}, ${side.threads} threads`);
      const speed = await measure(network, side, best.get(side) ?? 0);
      speeds.get(side)?.push(speed);
    }
  }
  return new Map([...speeds].map(([side, values]) => [side, median(values)]));
}

async function bestBatchSize(network: NetworkName, side: Side): Promise<number> {
  const sizes = side.batchSizes ?? workloads[network].batchSizes;
  const [only = 0] = sizes;
  if (sizes.length === 1) return only;
  const found: [size: number, speed: number][] = [];
  for (const size of sizes) {
    found.push([size, await measure(network, side, size)]);
  }
  return found.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function measure(network: NetworkName, side: Side, batchSize: number): Promise<number> {
  const images = workloads[network].images / (side.slower ?? 1);
  return side.measure({ network, batchSize, steps: Math.max(4, Math.round(images / batchSize)) });
}
