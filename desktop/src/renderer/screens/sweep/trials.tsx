import type { Sweep } from '@edgewise/protocol/http';
import { useMemo } from 'react';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatAccuracy, formatCount, formatNumber, formatSpan } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type TrialRow, trialLevels } from './model.ts';
import { type Parameter, valueName } from './parameters.ts';

const words = text.sweep.trials;

interface TrialsProps {
  readonly sweep: Sweep;
  /** From the best. */
  readonly rows: readonly TrialRow[];
  readonly parameters: readonly Parameter[];
  readonly chosen: TrialRow | undefined;
  readonly sort: string | undefined;
  readonly onSort: (sort: string | undefined) => void;
  readonly onChoose: (trial: number) => void;
}

/** Every trial with its values and what it found; unsorted, the best comes first. */
export function Trials({ sweep, rows, parameters, chosen, sort, onSort, onChoose }: TrialsProps) {
  const hasFailed = rows.some(({ trial }) => trial.error !== null);
  const isHalving = sweep.rungs.length > 1;
  const isChosen = sweep.best !== null;
  const columns = useMemo(
    () => [
      trialColumn(isChosen ? words.best : words.leader),
      ...firstColumns,
      ...parameters.map(parameterColumn),
      ...lastColumns,
      ...(isHalving ? [roundColumn] : []),
      tookColumn,
      ...(hasFailed ? [errorColumn] : []),
    ],
    [parameters, isChosen, isHalving, hasFailed],
  );
  return (
    <Panel title={words.title} aside={formatCount(rows.length)}>
      <DataTable
        label={words.title}
        columns={columns}
        rows={rows}
        rowKey={rowKey}
        sort={sort}
        onSort={onSort}
        selected={chosen && rowKey(chosen)}
        onOpen={({ trial }) => onChoose(trial.number)}
      />
    </Panel>
  );
}

const rowKey = ({ trial }: TrialRow) => String(trial.number);
const last = (value: number | undefined) => value ?? -1;

function trialColumn(best: string): Column<TrialRow> {
  return {
    ...{ id: 'trial', title: words.columns.trial, sortBy: ({ trial }) => trial.number },
    cell: ({ trial, isBest }) => (
      <span className={isBest ? 'font-medium' : ''}>
        {formatCount(trial.number)}
        {isBest && <span className="ml-1.5 text-accent">{best}</span>}
      </span>
    ),
  };
}

function parameterColumn({ name, sortBy }: Parameter): Column<TrialRow> {
  return {
    ...{ id: `=${name}`, title: name, align: 'end' },
    sortBy: ({ trial }) => sortBy(trial.parameters[name]),
    cell: ({ trial }) => {
      const value = valueName(trial.parameters[name]);
      return (
        <span className="inline-block max-w-60 truncate align-bottom" title={value}>
          {value}
        </span>
      );
    },
  };
}

const firstColumns: readonly Column<TrialRow>[] = [
  {
    ...{ id: 'state', title: words.columns.state, sortBy: ({ trial }) => trial.status },
    cell: ({ trial: { status, progress } }) => (
      <StateBadge
        level={trialLevels[status]}
        word={
          status === 'running'
            ? words.running(`${Math.floor(progress * 100)}%`)
            : words.statuses[status]
        }
        title={words.statusHints[status]}
        brief
      />
    ),
  },
  {
    ...{ id: 'score', title: words.columns.score, align: 'end', sortBy: (row) => last(row.score) },
    cell: ({ score }) => (
      <span title={score === undefined ? words.noScore : undefined}>{formatAccuracy(score)}</span>
    ),
  },
];

const lastColumns: readonly Column<TrialRow>[] = [
  {
    ...{ id: 'loss', title: words.columns.loss, align: 'end', hideBelow: 'sm' },
    sortBy: (row) => row.loss ?? Number.POSITIVE_INFINITY,
    cell: ({ loss }) => formatNumber(loss),
  },
  {
    ...{ id: 'epochs', title: words.columns.epochs, align: 'end', sortBy: (row) => row.epochs },
    cell: ({ epochs }) => formatCount(epochs),
  },
];

const roundColumn: Column<TrialRow> = {
  ...{ id: 'round', title: words.columns.rounds, align: 'end' },
  sortBy: ({ trial }) => trial.results.length,
  cell: ({ trial }) => formatCount(trial.results.length),
};

const tookColumn: Column<TrialRow> = {
  ...{ id: 'took', title: words.columns.took, align: 'end' },
  sortBy: ({ trial }) => last(trial.trainedMs),
  cell: ({ trial }) => <span title={words.tookSource}>{formatSpan(trial.trainedMs)}</span>,
};

const errorColumn: Column<TrialRow> = {
  ...{ id: 'error', title: words.columns.error, sortBy: ({ trial }) => trial.error?.code ?? '' },
  cell: ({ trial: { error } }) =>
    error && (
      <span
        className="inline-block max-w-72 truncate align-bottom text-act"
        title={`${error.code}: ${error.detail}`}
      >
        {error.detail}
      </span>
    ),
};
