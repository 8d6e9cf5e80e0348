import type { Run } from '@edgewise/protocol/http';
import { useMemo } from 'react';
import { Series } from '../../charts/series.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatAccuracy, formatCount, formatNumber, formatShare } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type EpochRow, learningCurve } from './learning-curve.ts';

const words = text.models.runs.curve;

/** Loss and accuracy of a run while it learns, and each epoch as a row for those who want the figures. */
export function LearningCurves({ run }: { readonly run: Run }) {
  const curve = useMemo(() => learningCurve(run, words.lines), [run]);
  const shared = {
    ...{ xs: curve.xs, marks: curve.marks, time: false, sync: 'run', height: 130 },
    formatX: (step: number) => words.step(formatCount(step)),
  } as const;
  return (
    <div className="pb-2">
      <div className="grid gap-x-2 lg:grid-cols-2">
        <Series
          {...shared}
          label={words.loss}
          lines={curve.loss}
          rise={curve.isPositive ? 'powers' : 'zero'}
          format={formatNumber}
        />
        {curve.accuracy.length > 0 && (
          <Series
            {...shared}
            label={words.accuracy}
            lines={curve.accuracy}
            rise="least"
            format={formatShare}
          />
        )}
      </div>
      {curve.best && <Best epoch={curve.best} of={curve.epochs.length} />}
      {curve.epochs.length > 0 && (
        <details className="px-3 pt-1">
          <summary className="cursor-pointer text-[12px] text-soft">{words.table}</summary>
          <DataTable
            label={words.table}
            columns={columns}
            rows={curve.epochs}
            rowKey={rowKey}
            maxHeight={220}
          />
        </details>
      )}
    </div>
  );
}

function Best({ epoch, of }: { readonly epoch: EpochRow; readonly of: number }) {
  return (
    <p className="flex items-center gap-1.5 px-3 text-[12px] text-soft">
      <span aria-hidden className="text-accent">
        ⚑
      </span>
      {words.best(
        formatCount(epoch.epoch),
        formatCount(of),
        formatNumber(epoch.validationLoss),
        formatAccuracy(epoch.accuracy),
      )}
    </p>
  );
}

const rowKey = (epoch: EpochRow) => String(epoch.step);

const columns: readonly Column<EpochRow>[] = [
  {
    id: 'epoch',
    title: words.columns.epoch,
    cell: ({ epoch, isBest }) => (
      <span className={isBest ? 'font-medium' : ''}>
        {formatCount(epoch)}
        {isBest && <span className="ml-1.5 text-accent">{words.columns.best}</span>}
      </span>
    ),
  },
  {
    ...{ id: 'loss', title: words.columns.loss, align: 'end' },
    cell: ({ loss }) => formatNumber(loss),
  },
  {
    ...{ id: 'validation-loss', title: words.columns.validationLoss, align: 'end' },
    cell: ({ validationLoss }) => formatNumber(validationLoss),
  },
  {
    ...{ id: 'training', title: words.columns.trainingAccuracy, align: 'end', hideBelow: 'sm' },
    cell: ({ trainingAccuracy }) => formatAccuracy(trainingAccuracy),
  },
  {
    ...{ id: 'accuracy', title: words.columns.accuracy, align: 'end' },
    cell: ({ accuracy }) => formatAccuracy(accuracy),
  },
];
