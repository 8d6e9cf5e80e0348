import type { Metric, TrialCurve } from '@edgewise/protocol/http';
import type { BackdropLine } from '../../charts/backdrop.ts';
import type { Line } from '../../charts/series-props.ts';

/** What curves show. */
export type Measure = 'accuracy' | 'loss';

/** Learning curves on one axis of epochs. */
export interface Overlay {
  readonly xs: readonly number[];
  /** Every trial that has a point; keys are numbers of trials. */
  readonly backdrop: readonly BackdropLine[];
  /** Every value is above zero, so that it has a logarithm. */
  readonly isPositive: boolean;
}

const measured = (metric: Metric, measure: Measure): number | null =>
  (measure === 'loss' ? metric.validationLoss : metric.accuracy) ?? null;

/** Lays the curves of all trials over one another. */
export function overlay(curves: readonly TrialCurve[], measure: Measure): Overlay {
  const epochs = new Set(curves.flatMap(({ metrics }) => metrics.map(({ epoch }) => epoch)));
  const xs = [...epochs].toSorted((one, other) => one - other);
  const backdrop = curves
    .map(({ trial, metrics }) => {
      const found = new Map(metrics.map((metric) => [metric.epoch, measured(metric, measure)]));
      return { key: String(trial), values: xs.map((epoch) => found.get(epoch) ?? null) };
    })
    .filter(({ values }) => values.some((value) => value !== null));
  const isPositive = backdrop.every(({ values }) =>
    values.every((value) => value === null || value > 0),
  );
  return { xs, backdrop, isPositive };
}

interface SetOff {
  /** Numbers of trials. */
  readonly best: number | undefined;
  readonly shown: number | undefined;
  readonly names: { readonly best: string; readonly shown: string };
}

/** The lines that are set off from the others: the trial that is shown, and above it the best. */
export function linesOf({ xs, backdrop }: Overlay, { best, shown, names }: SetOff): Line[] {
  const nothing = xs.map(() => null);
  const of = (trial: number | undefined) =>
    backdrop.find(({ key }) => key === String(trial))?.values ?? nothing;
  return [
    { label: names.shown, values: of(shown), colour: 2, joined: true },
    { label: names.best, values: of(best), colour: 1, joined: true },
  ];
}
