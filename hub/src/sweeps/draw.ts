/** Which values trials try: all combinations, or drawn ones. Pure. */
import { createRandom, type Random } from '@edgewise/models/random';
import { FleetError } from '@edgewise/protocol';
import { mostTrials, type SweepParameter, type SweepSpec } from '@edgewise/protocol/http';
import type { Parameters } from './places.ts';

/** Draws in a row that find no new combination before a range is found to have no more. */
const vainDraws = 1000;

/** The parameters of each trial, in order. Throws `invalid-argument` that names the parameter and what it lacks. */
export function drawTrials(spec: SweepSpec): readonly Parameters[] {
  const entries = Object.entries(spec.parameters);
  if (entries.length === 0) throw misuse('"parameters" names no place in the recipe');
  for (const [place, parameter] of entries) checkParameter(place, parameter);
  return spec.method === 'grid' ? combinations(spec) : drawn(spec);
}

function combinations({ parameters, trials }: SweepSpec): readonly Parameters[] {
  if (trials !== undefined) throw misuse('a grid has no "trials": it tries every combination');
  const axes = Object.entries(parameters).map(
    ([place, parameter]) => [place, gridValues(place, parameter)] as const,
  );
  const total = axes.reduce((product, [, values]) => product * values.length, 1);
  if (total > mostTrials) {
    throw misuse(`the grid has ${total} combinations; at most ${mostTrials} trials are run`);
  }
  return axes.reduce<readonly Parameters[]>(
    (made, [place, values]) =>
      made.flatMap((rest) => values.map((value) => ({ ...rest, [place]: value }))),
    [{}],
  );
}

function gridValues(place: string, parameter: SweepParameter): readonly unknown[] {
  const { values, count } = parameter;
  if (values !== undefined) return distinct(values);
  if (count === undefined) {
    throw misuse(`"${place}" lacks "count": how many numbers of its range the grid tries`);
  }
  return distinct(Array.from({ length: count }, (_, at) => between(parameter, at / (count - 1))));
}

/** Without those that are written like one before. */
function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** Different ones: a combination that came before is drawn anew. */
function drawn({ parameters, trials, seed = 1 }: SweepSpec): readonly Parameters[] {
  if (trials === undefined) throw misuse('it lacks "trials": how many are drawn');
  const known = Object.values(parameters).reduce((most, each) => most * countOf(each), 1);
  if (known < trials) throw tooFew(trials, known);
  const made = new Map<string, Parameters>();
  for (let draw = 0, vain = 0; made.size < trials; draw++) {
    // Every parameter has a stream of its own: another one more does not change the values of the rest.
    const chosen = Object.fromEntries(
      Object.entries(parameters).map(([place, parameter], at) => [
        place,
        drawValue(parameter, createRandom(seed, at, draw)),
      ]),
    );
    const key = JSON.stringify(chosen);
    vain = made.has(key) ? vain + 1 : 0;
    made.set(key, chosen);
    // Where the combinations can be counted, each comes up sooner or later.
    if (vain === vainDraws && known === Infinity) throw tooFew(trials, made.size);
  }
  return [...made.values()];
}

/** How many different values a parameter can have; infinite where nobody has counted them. */
function countOf({ values, low = 0, high = 0, integer }: SweepParameter): number {
  if (values !== undefined) return distinct(values).length;
  return integer ? high - low + 1 : Infinity;
}

const tooFew = (trials: number, found: number): FleetError =>
  misuse(
    `${trials} trials are asked for, but there are only ${found} combinations; ask for ${found}, or give more values`,
  );

function drawValue(parameter: SweepParameter, random: Random): unknown {
  const { values, low = 0, high = 0, integer, scale } = parameter;
  if (values !== undefined) return values[random.below(values.length)];
  // Not rounded: the ends of the range would come half as often as the numbers between them.
  if (integer && scale !== 'log') return low + random.below(high - low + 1);
  return between(parameter, random.next());
}

/** The number at a share (0 to 1) of a range; four digits are enough for a person to read and a training to feel. */
function between({ low = 0, high = 0, scale, integer }: SweepParameter, share: number): number {
  const value = scale === 'log' ? low * (high / low) ** share : low + share * (high - low);
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(4));
  return Math.min(high, Math.max(low, rounded));
}

function checkParameter(place: string, parameter: SweepParameter): void {
  const { values, low, high, scale, integer, count } = parameter;
  const hasRange = [low, high, scale, integer, count].some((setting) => setting !== undefined);
  if (values !== undefined && hasRange) throw misuse(`"${place}" has values and a range, too`);
  if (values !== undefined) return;
  if (low === undefined || high === undefined) {
    throw misuse(`"${place}" needs "values", or "low" and "high"`);
  }
  if (low >= high)
    throw misuse(`"${place}" has a low of ${low} that is not below its high of ${high}`);
  if (scale === 'log' && low <= 0)
    throw misuse(`"${place}" has scale log, so its low must be above 0`);
  if (integer && !(Number.isInteger(low) && Number.isInteger(high))) {
    throw misuse(`"${place}" is of whole numbers, but its range is from ${low} to ${high}`);
  }
}

const misuse = (reason: string): FleetError =>
  new FleetError('invalid-argument', `The sweep: ${reason}.`);
