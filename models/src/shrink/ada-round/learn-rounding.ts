import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { costsOf, type RoundingProblem } from './problem.ts';
import type { RoundingEngine } from './rounding-engine.ts';
import { buildRoundingStep, choiceFor, roundingNames } from './rounding-step.ts';
import type { RowBatch } from './sample-rows.ts';
import type { CompleteSettings } from './settings.ts';

/**
 * Learns for each weight of a layer whether it goes down or up, and gives the integers as
 * `[groups, depth, width]`. It starts at the float weights, so that without any step the result is
 * the nearest integers.
 */
export async function learnRounding(
  problem: RoundingProblem,
  batches: readonly RowBatch[],
  { settings, engine }: { readonly settings: CompleteSettings; readonly engine: RoundingEngine },
): Promise<Float32Array> {
  const { signal } = engine;
  const [first] = batches;
  if (first === undefined) return problem.nearest;
  const step = buildRoundingStep(problem, { costs: costsOf(problem, batches), batch: first });
  const session = await engine.sessionOf(step.model);
  let [state, other] = [startOf(problem, step.next.keys()), startOf(problem, step.next.keys())];
  for (let at = 0; at < settings.steps; at++) {
    const batch = batches[at % batches.length] ?? first;
    const feeds = {
      ...step.fixed,
      ...{ ...state, [roundingNames.input]: batch.input, [roundingNames.wanted]: batch.wanted },
      ...numbersAt({ ...scheduleAt(at, settings), ...step.scalars(at + 1) }),
    };
    await session.run(feeds, { into: renamed(other, step.next), ...(signal && { signal }) });
    [state, other] = [other, state];
  }
  return decided(problem, state[roundingNames.choice]?.data ?? new Float32Array());
}

type State = Readonly<Record<string, Tensor<'float32'>>>;

function startOf({ below, share }: RoundingProblem, names: Iterable<string>): State {
  const startAt = (name: string): Float32Array =>
    name === roundingNames.choice ? share.map(choiceFor) : new Float32Array(share.length);
  return Object.fromEntries(
    Array.from(names, (name) => [name, tensor('float32', below.dims, startAt(name))]),
  );
}

/** The tensors under the names of the outputs that fill them. */
function renamed(state: State, outputs: ReadonlyMap<string, string>): State {
  const entries = [...outputs].flatMap(([name, output]) => {
    const value = state[name];
    return value === undefined ? [] : [[output, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Share of the steps in which nothing presses for decisions (as in the paper's code). */
const warmUp = 0.2;

/** The exponent falls from the first to the second, so that doubtful weights decide last. */
const exponents = [20, 2] as const;

function scheduleAt(step: number, { steps, rate, regularisation }: CompleteSettings) {
  const done = step / steps;
  const pressed = Math.max(0, (done - warmUp) / (1 - warmUp));
  const [from, to] = exponents;
  return {
    [roundingNames.rate]: rate,
    [roundingNames.pressure]: done < warmUp ? 0 : regularisation,
    [roundingNames.exponent]: to + ((from - to) * (1 + Math.cos(Math.PI * pressed))) / 2,
  };
}

function numbersAt(numbers: Readonly<Record<string, number>>): State {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      tensor('float32', [], new Float32Array([value])),
    ]),
  );
}

/** A positive choice goes up: there the rectified sigmoid is above one half. */
function decided({ below, limits }: RoundingProblem, choice: Float32Array): Float32Array {
  return below.data.map((steps, at) => {
    const integer = (choice[at] ?? 0) >= 0 ? steps + 1 : steps;
    return Math.min(Math.max(integer, limits.least), limits.greatest);
  });
}
