import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rollout } from '@edgewise/protocol/http';
import fc from 'fast-check';
import type { DeviceRecord } from '../fleet/fleet.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { aDevice } from '../testing/memory-fleet.test.fixture.ts';
import { apply } from './apply.ts';
import { composeRollout } from './compose.ts';
import type { DeviceFacts } from './device-facts.ts';
import { plan } from './plan.ts';

const rules = { toleratedFailures: 0.1, patienceMs: 50, firstWavePatienceMs: 10, awayAfterMs: 5 };
const mostRounds = 500;

/** How a simulated device behaves once it is ordered. */
type Nature = 'serves' | 'refuses' | 'reverts' | 'stuck' | 'away';

/** What the hub knows of simulated devices; reports reach it late, twice, out of order or not at all. */
class World {
  readonly #truth = new Map<string, DeviceFacts>();
  readonly #known = new Map<string, DeviceFacts>();
  readonly #onTheWay: DeviceFacts[] = [];

  constructor(natures: readonly Nature[]) {
    for (const [at, nature] of natures.entries()) {
      const device = `d${at}`;
      const facts: DeviceFacts = {
        ...{ device, isOnline: nature !== 'away', sinceMs: 0, isRevoked: false, target: undefined },
        ...{ rollout: undefined, serving: undefined, refusals: [] },
      };
      this.#truth.set(device, facts);
      this.#known.set(device, facts);
    }
  }

  known(): ReadonlyMap<string, DeviceFacts> {
    return this.#known;
  }

  /** The hub's own books know an order at once; the device acts on it by its nature. */
  order(device: string, order: { target: string | undefined; rollout: string; nature: Nature }) {
    const { target, rollout, nature } = order;
    const change = { target, rollout };
    this.#known.set(device, { ...this.#known.get(device), ...change } as DeviceFacts);
    const acted = { ...this.#truth.get(device), ...change, ...outcome(nature, target) };
    this.#truth.set(device, acted as DeviceFacts);
    this.#onTheWay.push(acted as DeviceFacts);
  }

  /** Delivers one report as chance wills; `fate` is 0 to 3. */
  deliver(fate: number): void {
    const at = fate % Math.max(1, this.#onTheWay.length);
    const report = this.#onTheWay[at];
    if (report === undefined) return;
    if (fate !== 3) this.#onTheWay.splice(at, 1);
    if (fate !== 2) this.#hear(report);
  }

  /** Devices report again whenever they connect: in the end the hub knows the truth. */
  reconnect(): void {
    for (const facts of this.#truth.values()) this.#hear(facts);
  }

  #hear({ device, serving, refusals }: DeviceFacts): void {
    this.#known.set(device, { ...this.#known.get(device), serving, refusals } as DeviceFacts);
  }
}

function outcome(nature: Nature, target: string | undefined): Partial<DeviceFacts> {
  const refusal = { manifest: target ?? '', detail: '', atMs: 0 };
  if (nature === 'serves') return { serving: target };
  if (nature === 'refuses') return { refusals: [{ ...refusal, code: 'parity-failed' }] };
  if (nature === 'reverts') return { refusals: [{ ...refusal, code: 'trial-failed' }] };
  return {};
}

function simulate(natures: readonly Nature[], fates: readonly number[]): Rollout {
  const world = new World(natures);
  const record = composeRollout(aVersion(2), devicesOf(natures), { id: 'rollout-1', nowMs: 0 });
  const bundles = new Map(Object.entries(record.bundles));
  let { rollout } = record;
  let changedAtMs = 0;
  for (let round = 0; round < mostRounds && rollout.status === 'running'; round++) {
    const facts = { devices: world.known(), bundles, nowMs: round, changedAtMs };
    const steps = plan(rollout, facts, rules);
    for (const step of steps) {
      rollout = apply(rollout, step, round);
      if (step.name !== 'order') continue;
      const nature = natures[Number(step.device.slice(1))] ?? 'serves';
      world.order(step.device, { target: step.bundle?.manifest, rollout: rollout.id, nature });
    }
    if (steps.length > 0) changedAtMs = round;
    world.deliver(fates[round % fates.length] ?? 0);
    if (round % 20 === 19) world.reconnect();
  }
  return rollout;
}

function devicesOf(natures: readonly Nature[]): readonly DeviceRecord[] {
  return natures.map((nature, at) => {
    const status = nature === 'away' ? 'offline' : 'online';
    return aDevice(`d${at}`, { presence: { status, sinceMs: 0 } });
  });
}

/** At least one device can say how it went; without any, a rollout rightly waits for one. */
const canAnswer = (all: readonly Nature[]): boolean =>
  all.some((nature) => nature !== 'stuck' && nature !== 'away');
const natures = fc
  .array(
    fc.constantFrom<Nature>('serves', 'serves', 'serves', 'refuses', 'reverts', 'stuck', 'away'),
    { minLength: 1, maxLength: 8 },
  )
  .filter(canAnswer);
const fates = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 });

test('whatever reports are lost, doubled or reordered, a rollout comes to an end', () => {
  fc.assert(
    fc.property(natures, fates, (all, luck) => {
      const { status } = simulate(all, luck);
      return status === 'done' || status === 'stopped';
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('without failures every device that can serve does, however many are stuck or away', () => {
  const harmless = fc
    .array(fc.constantFrom<Nature>('serves', 'stuck', 'away'), { minLength: 1, maxLength: 8 })
    .filter(canAnswer);
  fc.assert(
    fc.property(harmless, fates, (all, luck) => {
      const { status, devices } = simulate(all, luck);
      const served = devices.filter((row) => all[Number(row.device.slice(1))] === 'serves');
      return status === 'done' && served.every((row) => row.status === 'serving');
    }),
    { seed: 8, numRuns: 300 },
  );
});

test('a version that every device refuses reaches one device only', () => {
  const kept = fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), kept, (count, luck) => {
      const { status, devices } = simulate(new Array<Nature>(count).fill('refuses'), luck);
      assert.equal(status, 'stopped');
      return devices.filter((row) => row.status !== 'waiting').length === 1;
    }),
    { seed: 9, numRuns: 100 },
  );
});
