import { type PushFigures, simulateFleet } from '../fleet/simulate.ts';
import type { RunBench } from './bench.ts';
import { atMost, type BenchResult, printed } from './result.ts';

const size = { agents: 500, processes: 2, bundleBytes: 250_000, stuck: 10 };
const mebibyte = 1 << 20;
/** A push beside clients that do not read may take this much longer; more is no noise. */
const slowdown = 1.5;

/** 500 agents, two pushes: one alone, one beside ten clients that have stopped reading. */
export const benchFleet: RunBench = async ({ say }) => {
  const figures = await simulateFleet({ ...size, say });
  const { push, pushBesideStuck } = figures;
  return [
    printed(`${size.agents} agents enrolled and connected`, figures.enrolSeconds, 's'),
    ...pushResults('push', push),
    ...pushResults('push beside 10 stuck clients', pushBesideStuck),
    atMost('slowdown beside stuck clients', {
      value: pushBesideStuck.seconds / push.seconds,
      unit: 'times',
      bound: slowdown,
    }),
    printed('memory of the hub', figures.hubRssBytes / mebibyte, 'MiB'),
  ];
};

function pushResults(name: string, push: PushFigures): readonly BenchResult[] {
  return [
    printed(`${name}: order to last agent that serves`, push.seconds, 's'),
    atMost(`${name}: publishes per block and lane`, {
      value: push.publishesPerBlock,
      unit: 'publishes',
      bound: 1.2,
    }),
    printed(`${name}: the same, worst of ${push.lanes} lanes`, push.worstLane, 'publishes'),
    printed(`${name}: ping p50`, push.pingP50Ms, 'ms'),
    atMost(`${name}: ping p99`, { value: push.pingP99Ms, unit: 'ms', bound: 50 }),
    printed(`${name}: event-loop delay p99 of the hub`, push.loopDelayP99Ms, 'ms'),
  ];
}
