import { rankedTrials, type Sweep, type Trial } from '@edgewise/protocol/http';
import { percent, table } from './io.ts';

/** What a trial differs in, in one line. */
export const parametersText = ({ parameters }: Pick<Trial, 'parameters'>): string =>
  Object.entries(parameters)
    .map(([place, value]) => `${place} ${valueText(value)}`)
    .join(', ');

/** The trials of a sweep from the best, with what they differ in. */
export function sweepTable({ trials, best, spec }: Sweep): string {
  const places = Object.keys(spec.parameters);
  return table(
    ['trial', ...places, 'accuracy', 'loss', 'epochs', 'time', 'status', ''],
    rankedTrials(trials).map((trial) => [
      trial.number,
      ...places.map((place) => valueText(trial.parameters[place])),
      ...figuresOf(trial),
      trial.trainedMs === undefined ? '-' : lasted(trial.trainedMs),
      trial.status === 'running' ? `running ${percent(trial.progress)}` : trial.status,
      remarkOf(trial, best),
    ]),
  );
}

function figuresOf({ results }: Trial): readonly (string | number)[] {
  const found = results.at(-1);
  return found === undefined
    ? ['-', '-', '-']
    : [percent(found.accuracy), found.loss.toFixed(4), found.epochs];
}

function remarkOf({ number, error }: Trial, best: number | null): string {
  if (number === best) return 'best';
  return error === null ? '' : `[${error.code}] ${error.detail}`;
}

const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '-');

/** A time span in the unit that people read. */
function lasted(spanMs: number): string {
  const seconds = spanMs / 1000;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
