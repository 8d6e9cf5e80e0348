import { type NetworkName, workloads } from './networks.ts';
import type { Side } from './side.ts';

const rounds = 3;

/**
 * Images per second of every side on one network, each at its best batch size. The sides take turns, so
 * that what else the machine does meets all of them; each figure is that of the turn it disturbed least.
 */
export async function compareSides(
  network: NetworkName,
  sides: readonly Side[],
  onTurn: (text: string) => void,
): Promise<ReadonlyMap<Side, number>> {
  const chosen = new Map<Side, Speed>();
  for (const side of sides) {
    onTurn(`${network}: ${side.name}, ${side.threads} threads: choosing a batch size`);
    chosen.set(side, await bestBatchSize(network, side));
  }
  for (let round = 0; round < rounds; round++) {
    for (const [side, { batchSize, speed }] of chosen) {
      onTurn(`${network}: round ${round + 1} of ${rounds}, ${side.name}, ${side.threads} threads`);
      const again = await measure(network, side, batchSize);
      chosen.set(side, { batchSize, speed: Math.max(speed, again) });
    }
  }
  return new Map([...chosen].map(([side, { speed }]) => [side, speed]));
}

interface Speed {
  readonly batchSize: number;
  /** Images per second. */
  readonly speed: number;
}

async function bestBatchSize(network: NetworkName, side: Side): Promise<Speed> {
  const found: Speed[] = [];
  for (const batchSize of side.batchSizes ?? workloads[network].batchSizes) {
    found.push({ batchSize, speed: await measure(network, side, batchSize) });
  }
  return found.reduce((best, one) => (one.speed > best.speed ? one : best));
}

function measure(network: NetworkName, side: Side, batchSize: number): Promise<number> {
  const images = workloads[network].images / (side.slower ?? 1);
  return side.measure({ network, batchSize, steps: Math.max(4, Math.round(images / batchSize)) });
}
