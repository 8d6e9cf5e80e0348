import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aRef, aSlot, aTarget, someFacts } from '../testing/builders.test.fixture.ts';
import { type Facts, plan } from './plan.ts';
import {
  activated,
  attempted,
  confirmed,
  installed,
  proved,
  type Roles,
  refused,
  reverted,
  type Slot,
  vacated,
} from './slot.ts';
import type { Action } from './step.ts';

/** A device as the planner sees it, without disk, network or model. */
interface World {
  readonly roles: Roles;
  readonly bundle: Facts['bundle'];
  readonly trial: Facts['trial']['verdict'];
}

const parity = { vectors: 1, largestDeviation: 0, topAgreement: 1 };
const refusalOf = (manifest: string) =>
  ({ manifest, code: 'trial-failed', detail: 'as the test says', atMs: 1 }) as const;

/** What an executor makes of the world. */
function after(world: World, step: Action): World {
  const { roles } = world;
  switch (step.name) {
    case 'downloadBundle':
      return { ...world, bundle: 'downloaded' };
    case 'verifyBundle':
      return { ...world, bundle: 'verified' };
    case 'installSlot':
      return { ...world, roles: installed(roles, step.bundle) };
    case 'proveSlot':
      return { ...world, roles: proved(attempted(roles, 'candidate'), parity) };
    case 'activateSlot':
      return { ...world, roles: activated(roles, step.from, { nowMs: 1 }) };
    case 'confirmSlot':
      return { ...world, roles: confirmed(roles) };
    case 'revertSlot':
      return { ...world, roles: reverted(roles, refusalOf(step.manifest)) };
    case 'removeSlot':
      return { ...world, roles: vacated(roles, step.role) };
    case 'refuseBundle':
      return { ...world, roles: refused(roles, refusalOf(step.manifest)) };
  }
}

const version = fc.integer({ min: 1, max: 4 });
const slot = (statuses: readonly Slot['status'][]) =>
  fc.option(
    fc
      .tuple(version, fc.constantFrom(...statuses), fc.integer({ min: 0, max: 4 }))
      .map(([number, status, attempts]) => aSlot(number, { status, attempts })),
    { nil: undefined },
  );
const roles = fc
  .record({
    active: slot(['trial', 'serving']),
    candidate: slot(['installed', 'proved']),
    fallback: slot(['serving']),
    refused: fc.uniqueArray(version, { maxLength: 3 }),
  })
  .map(({ active, candidate, fallback, refused: versions }) => ({
    ...(active && { active }),
    ...(candidate && { candidate }),
    ...(fallback && { fallback }),
    refusals: versions.map((number) => refusalOf(aRef(number).manifest)),
  }));
const world = fc.record({
  roles,
  bundle: fc.constantFrom('missing', 'downloaded', 'verified') as fc.Arbitrary<Facts['bundle']>,
  trial: fc.constantFrom('running', 'passed', 'failed') as fc.Arbitrary<World['trial']>,
});

test('from any state towards any target the plan ends within twelve steps, reached or saying why not', () => {
  fc.assert(
    fc.property(world, fc.option(version, { nil: null }), (start, wanted) => {
      let now: World = start;
      const target = aTarget(wanted);
      for (let rounds = 0; rounds < 12; rounds++) {
        const facts = someFacts({ bundle: now.bundle, trial: { verdict: now.trial, detail: '' } });
        const [step] = plan(now.roles, target, facts);
        if (step === undefined) {
          assert.equal(now.roles.active?.bundle.version ?? null, wanted);
          assert.equal(now.roles.candidate, undefined);
          return;
        }
        if (step.name === 'wait') return;
        now = after(now, step);
      }
      assert.fail(`No end: ${JSON.stringify(now)}`);
    }),
    { seed: 7, numRuns: 2000 },
  );
});

test('what serves is only ever taken away by a failed trial, an activation or an order for nothing', () => {
  fc.assert(
    fc.property(world, version, (start, wanted) => {
      const facts = someFacts({
        bundle: start.bundle,
        trial: { verdict: start.trial, detail: '' },
      });
      const [step] = plan(start.roles, aTarget(wanted), facts);
      if (step === undefined || step.name === 'wait' || start.roles.active === undefined) return;
      const before = start.roles.active.bundle.manifest;
      const now = after(start, step).roles.active?.bundle.manifest;
      assert.ok(now === before || step.name === 'activateSlot' || step.name === 'revertSlot');
    }),
    { seed: 8, numRuns: 1000 },
  );
});
