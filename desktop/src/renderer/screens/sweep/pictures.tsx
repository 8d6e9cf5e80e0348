import type { Sweep, TrialCurve } from '@edgewise/protocol/http';
import { useMemo } from 'react';
import { Dots, type PlotDot } from '../../charts/dots.tsx';
import { Series } from '../../charts/series.tsx';
import { Choice } from '../../components/choice.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatAccuracy, formatCount, formatNumber, formatShare } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { linesOf, type Measure, overlay } from './curves.ts';
import { isOpen, type TrialRow } from './model.ts';
import { type Parameter, valueName } from './parameters.ts';
import { ShownTrial } from './shown-trial.tsx';

const words = text.sweep;

interface PicturesProps {
  readonly sweep: Sweep;
  /** From the best. */
  readonly rows: readonly TrialRow[];
  readonly curves: readonly TrialCurve[];
  readonly parameters: readonly Parameter[];
  /** Under the pointer, or chosen. */
  readonly shown: TrialRow | undefined;
  readonly chosen: TrialRow | undefined;
  readonly measure: Measure;
  readonly onMeasure: (measure: Measure) => void;
  readonly onNear: (trial: number | undefined) => void;
  readonly onChoose: (trial: number) => void;
}

const measures = (['accuracy', 'loss'] as const).map((value) => ({
  value,
  name: words.curves.measures[value],
}));

/** The trials of a sweep in pictures: how each learned, and its score against each parameter. */
export function Pictures(props: PicturesProps) {
  const { sweep, rows, parameters, shown, chosen, measure, onMeasure, onChoose } = props;
  const hasScores = rows.some(({ score }) => score !== undefined);
  return (
    <Panel
      title={words.pictures}
      aside={
        <Choice
          label={words.curves.measure}
          value={measure}
          options={measures}
          onChoose={onMeasure}
        />
      }
    >
      <div className={`grid ${hasScores ? 'lg:grid-cols-2' : ''}`}>
        <div className="min-w-0">
          {shown && chosen && (
            <ShownTrial
              {...{ rows, shown, chosen, parameters, onChoose }}
              bestWord={sweep.best === null ? words.trials.leader : words.trials.best}
            />
          )}
          <Curves {...props} />
        </div>
        {hasScores && <ScoreDots {...props} />}
      </div>
    </Panel>
  );
}

function Curves({ sweep, rows, curves, shown, measure, onNear, onChoose }: PicturesProps) {
  const all = useMemo(() => overlay(curves, measure), [curves, measure]);
  const best = rows.find(({ isBest }) => isBest)?.trial.number;
  const number = shown?.trial.number;
  const lines = useMemo(() => {
    const { best: chosen, leader, shown } = words.curves.lines;
    const names = { best: sweep.best === null ? leader : chosen, shown };
    return linesOf(all, { best, shown: number, names });
  }, [all, best, number, sweep.best]);
  if (all.backdrop.length === 0)
    return (
      <p className="px-3 py-8 text-center text-soft">
        {isOpen(sweep) ? words.curves.empty : words.curves.none}
      </p>
    );
  return (
    <Series
      key={measure}
      label={words.curves[measure]}
      xs={all.xs}
      lines={lines}
      backdrop={all.backdrop}
      time={false}
      height={230}
      rise={measure === 'loss' && all.isPositive ? 'powers' : 'least'}
      format={measure === 'loss' ? formatNumber : formatShare}
      formatX={(epoch) => words.curves.epoch(formatCount(epoch))}
      onNear={(key) => onNear(key === undefined ? undefined : Number(key))}
      onPick={(key) => onChoose(Number(key))}
    />
  );
}

/** Pixels of one picture; those of all parameters together are about as high as the curves. */
const heights = { alone: 330, others: 168 } as const;

function ScoreDots({ rows, parameters, shown, onNear, onChoose }: PicturesProps) {
  const hasStopped = rows.some(({ trial }) => trial.status === 'stopped');
  return (
    <div className="min-w-0 border-t pt-2 lg:border-t-0 lg:border-l">
      <p className="px-3 pb-1 text-[12px] text-faint">
        {hasStopped ? words.dots.legend : words.dots.about}
      </p>
      <div className={`grid ${parameters.length > 2 ? 'sm:grid-cols-2' : ''}`}>
        {parameters.map((parameter) => (
          <Dots
            key={parameter.name}
            label={words.dots.label(parameter.name)}
            dots={dotsOf(rows, parameter, shown?.trial.number)}
            spreadX={parameter.spread}
            formatX={formatNumber}
            formatY={formatShare}
            nameX={parameter.name}
            nameY={words.dots.score}
            leastY={0.01}
            height={parameters.length === 1 ? heights.alone : heights.others}
            onNear={(key) => onNear(key === undefined ? undefined : Number(key))}
            onPick={(key) => onChoose(Number(key))}
          />
        ))}
      </div>
    </div>
  );
}

/** The score of each trial against its value; the best and the shown one lie above the others. */
function dotsOf(
  rows: readonly TrialRow[],
  { name, place }: Parameter,
  shown: number | undefined,
): readonly PlotDot[] {
  return rows.flatMap(({ trial, score, isBest }): PlotDot[] => {
    const x = place(trial.parameters[name]);
    if (score === undefined || x === undefined) return [];
    const value = valueName(trial.parameters[name]);
    return [
      {
        ...{ key: String(trial.number), x, y: score },
        shape: trial.status === 'stopped' ? 'diamond' : 'circle',
        title: words.dots.dot(formatCount(trial.number), formatAccuracy(score), value),
        colour: isBest ? 1 : trial.number === shown ? 2 : undefined,
      },
    ];
  });
}
