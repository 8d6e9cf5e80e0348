import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatAccuracy, formatCount, formatNumber } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type TrialRow, trialLevels } from './model.ts';
import { type Parameter, valueName } from './parameters.ts';

const words = text.sweep.shown;

interface ShownTrialProps {
  /** From the best. */
  readonly rows: readonly TrialRow[];
  /** Under the pointer, or chosen. */
  readonly shown: TrialRow;
  readonly chosen: TrialRow;
  readonly parameters: readonly Parameter[];
  readonly bestWord: string;
  readonly onChoose: (trial: number) => void;
}

/** What the trial is that pictures set off, and the way from one to the next by keys. */
export function ShownTrial(props: ShownTrialProps) {
  const { rows, shown, chosen, parameters, bestWord, onChoose } = props;
  const better = rows[chosen.rank - 2];
  const worse = rows[chosen.rank];
  const choose = (row: TrialRow | undefined) => row && onChoose(row.trial.number);
  const step = (event: KeyboardEvent) => {
    const row = { ArrowLeft: better, ArrowRight: worse, Home: rows[0], End: rows.at(-1) }[
      event.key
    ];
    if (row === undefined) return;
    event.preventDefault();
    choose(row);
  };
  const { trial, rank, score, loss, epochs, isBest } = shown;
  return (
    <fieldset
      aria-label={words.label}
      className="flex items-start gap-2 border-b px-3 py-2"
      onKeyDown={step}
    >
      <Step name={words.previous} to={better} onStep={choose}>
        <ChevronLeft size={14} aria-hidden />
      </Step>
      <div className="min-h-10 min-w-0 flex-1" aria-live="polite">
        <p className={line}>
          <span className="inline-flex items-center gap-1.5 font-medium">
            <span
              aria-hidden
              className="inline-block h-0.5 w-3 rounded"
              style={{ background: `var(--chart-${isBest ? 1 : 2})` }}
            />
            {words.trial(formatCount(trial.number))}
          </span>
          {isBest && <span className="text-accent">{bestWord}</span>}
          <StateBadge
            level={trialLevels[trial.status]}
            word={text.sweep.trials.statuses[trial.status]}
            title={text.sweep.trials.statusHints[trial.status]}
          />
          <span className="text-soft">
            {score === undefined
              ? words.noScore
              : words.score(formatAccuracy(score), formatNumber(loss))}
          </span>
        </p>
        <p className={`${line} text-[12px] text-faint`}>
          {words.epochs(epochs)}
          {score !== undefined && (
            <span>{words.rank(formatCount(rank), formatCount(rows.length))}</span>
          )}
        </p>
        <Values parameters={parameters} trial={trial} />
        {trial.error && shown === chosen && (
          <p className="text-[12px] text-act">
            <code className="font-mono">{trial.error.code}</code> {trial.error.detail}
          </p>
        )}
      </div>
      <Step name={words.next} to={worse} onStep={choose}>
        <ChevronRight size={14} aria-hidden />
      </Step>
    </fieldset>
  );
}

/** As many lines for every trial, so that the picture below stays where the pointer is. */
const line = 'flex flex-wrap items-center gap-x-3 overflow-hidden whitespace-nowrap sm:flex-nowrap';

function Values({
  parameters,
  trial,
}: Pick<ShownTrialProps, 'parameters'> & Pick<TrialRow, 'trial'>) {
  return (
    <dl className="grid gap-x-3 text-[12px] sm:grid-cols-2">
      {parameters.map(({ name }) => {
        const value = valueName(trial.parameters[name]);
        return (
          <div key={name} className="flex min-w-0 gap-1.5" title={`${name} ${value}`}>
            <dt className="shrink-0 text-faint">{name}</dt>
            <dd className="truncate">{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}

interface StepProps {
  readonly name: string;
  readonly to: TrialRow | undefined;
  readonly onStep: (row: TrialRow | undefined) => void;
  readonly children: React.ReactNode;
}

/** Not disabled at an end: that would take the focus away from whoever steps by keys. */
function Step({ name, to, onStep, children }: StepProps) {
  return (
    <Button
      aria-label={name}
      title={name}
      aria-disabled={to === undefined}
      className="px-1.5 aria-disabled:opacity-40"
      onClick={() => onStep(to)}
    >
      {children}
    </Button>
  );
}
