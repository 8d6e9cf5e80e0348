import type { ModelInfo, Sweep } from '@edgewise/protocol/http';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { CopyCommand } from '../../components/copy-command.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatAccuracy, formatCount, none } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { isOpen, workDone } from '../sweep/model.ts';
import { runLevels } from './model.ts';

const route = getRouteApi('/frame/models');
const words = text.models.sweeps;

/** Searches over the recipe of a model; a row leads to its trials. */
export function Sweeps({ model }: { readonly model: ModelInfo }) {
  const sweeps = useAsk('listSweeps', { query: { limit: 100 } });
  const navigate = route.useNavigate();
  return (
    <Panel title={words.title}>
      <Answer of={sweeps} height={160}>
        {(all) => {
          const list = all.filter((sweep) => sweep.model === model.id);
          if (list.length === 0) return <NoSweep model={model} />;
          return (
            <DataTable
              label={words.title}
              columns={columns}
              rows={list}
              rowKey={rowKey}
              onOpen={({ id }) =>
                void navigate({ to: '/models/sweeps/$sweep', params: { sweep: id } })
              }
              maxHeight={260}
            />
          );
        }}
      </Answer>
    </Panel>
  );
}

function NoSweep({ model: { id, dataset } }: { readonly model: ModelInfo }) {
  return (
    <Empty title={words.empty}>
      <p>{words.emptyHint}</p>
      <CopyCommand command={words.emptyFile} />
      <p>{words.emptyThen}</p>
      <CopyCommand command={words.emptyCommand(id, dataset)} />
    </Empty>
  );
}

const rowKey = (sweep: Sweep) => sweep.id;

const columns: readonly Column<Sweep>[] = [
  {
    ...{ id: 'sweep', title: words.columns.sweep },
    cell: ({ id }) => (
      <Link
        to="/models/sweeps/$sweep"
        params={{ sweep: id }}
        className="font-medium hover:underline"
      >
        {id}
      </Link>
    ),
  },
  {
    ...{ id: 'state', title: words.columns.state },
    cell: ({ status, error }) => (
      <StateBadge level={runLevels[status]} word={words.statuses[status]} title={error?.detail} />
    ),
  },
  {
    ...{ id: 'method', title: words.columns.method, hideBelow: 'md' },
    cell: ({ spec }) => words.methods[spec.method],
  },
  {
    ...{ id: 'trials', title: words.columns.trials, align: 'end' },
    cell: (sweep) => <Done sweep={sweep} />,
  },
  {
    ...{ id: 'round', title: words.columns.round, align: 'end', hideBelow: 'sm' },
    cell: ({ tally, rungs }) =>
      rungs.length === 1 ? (
        <span title={words.noRounds}>{none}</span>
      ) : (
        words.of(formatCount(tally?.round ?? 1), formatCount(rungs.length))
      ),
  },
  {
    ...{ id: 'best', title: words.columns.best, align: 'end', hideBelow: 'sm' },
    cell: ({ tally }) => (
      <span title={tally?.leader ? words.bestSource(tally.leader.trial) : undefined}>
        {formatAccuracy(tally?.leader?.accuracy)}
      </span>
    ),
  },
  {
    ...{ id: 'when', title: words.columns.when, align: 'end' },
    cell: ({ createdAtMs }) => (
      <span className="text-faint">
        <Ago atMs={createdAtMs} />
      </span>
    ),
  },
];

function Done({ sweep }: { readonly sweep: Sweep }) {
  const { id, tally, rungs } = sweep;
  return (
    <span className="inline-flex flex-col align-middle">
      {words.of(formatCount(tally?.ended), formatCount(rungs[0]?.trials))}
      {isOpen(sweep) && <Progress label={words.progress(id)} done={workDone(sweep)} of={1} />}
    </span>
  );
}
