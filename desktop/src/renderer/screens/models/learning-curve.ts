import type { Metric, Run } from '@edgewise/protocol/http';
import type { Line, Mark } from '../../charts/series-props.ts';

/** How a run learned, as lines over its steps and as rows over its epochs. */
export interface LearningCurve {
  readonly xs: readonly number[];
  readonly loss: readonly Line[];
  /** Every loss is above zero, so that it has a logarithm. */
  readonly isPositive: boolean;
  /** Empty where no accuracy was measured. */
  readonly accuracy: readonly Line[];
  readonly marks: readonly Mark[];
  /** Ends of epochs, first to last. */
  readonly epochs: readonly EpochRow[];
  /** The best of them, where the hub says which. */
  readonly best: EpochRow | undefined;
}

/** The end of one epoch. */
export interface EpochRow extends Metric {
  readonly isBest: boolean;
}

/** What the lines are called. */
export interface LearningCurveNames {
  readonly training: string;
  readonly validation: string;
  readonly best: string;
}

/** Lines have gaps where nothing was measured; the last epoch that was the best until then is the best. */
export function learningCurve({ metrics }: Run, names: LearningCurveNames): LearningCurve {
  const ends = metrics.filter(isEpochEnd);
  const best = ends.findLast((metric) => metric.best === true);
  const epochs = ends.map((metric) => ({ ...metric, isBest: metric === best }));
  const lineOf = (key: MeasuredKey): Omit<Line, 'label' | 'colour'> | undefined => {
    const values = metrics.map((metric) => metric[key] ?? null);
    return values.some((value) => value !== null) ? { values, joined: true } : undefined;
  };
  const lines = (
    training: Omit<Line, 'label' | 'colour'> | undefined,
    validation: Omit<Line, 'label' | 'colour'> | undefined,
  ): readonly Line[] => [
    ...(training ? [{ ...training, label: names.training, colour: 1 as const }] : []),
    ...(validation ? [{ ...validation, label: names.validation, colour: 3 as const }] : []),
  ];
  return {
    xs: metrics.map((metric) => metric.step),
    loss: lines({ values: metrics.map((metric) => metric.loss) }, lineOf('validationLoss')),
    isPositive: metrics.every(({ loss, validationLoss = 1 }) => loss > 0 && validationLoss > 0),
    accuracy: lines(lineOf('trainingAccuracy'), lineOf('accuracy')),
    marks: best ? [{ at: best.step, label: names.best, kind: 'best' }] : [],
    epochs,
    best: epochs.find((epoch) => epoch.isBest),
  };
}

type MeasuredKey = 'trainingAccuracy' | 'accuracy' | 'validationLoss';

const isEpochEnd = (metric: Metric): boolean =>
  metric.trainingAccuracy !== undefined || metric.accuracy !== undefined;
