import type { Run } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatCompact, formatCount, formatSpan, none } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { CancelRun } from './actions.tsx';
import { LearningCurves } from './learning-curves.tsx';
import { runLevels, stepViews } from './model.ts';

const route = getRouteApi('/frame/models');
const words = text.models.runs;

interface RunsProps {
  readonly model: string;
  readonly selected: string | undefined;
}

/** Runs of a model; the selected one, or the newest, with its steps and learning curve. */
export function Runs({ model, selected }: RunsProps) {
  const runs = useAsk('listRuns', { query: { limit: 100 } });
  const navigate = route.useNavigate();
  return (
    <Panel title={words.title} className="self-start">
      <Answer of={runs} height={320}>
        {(all) => {
          const list = all.filter((run) => run.model === model);
          const shown = list.find((run) => run.id === selected) ?? list[0];
          if (!shown) return <Empty title={words.empty}>{words.emptyHint}</Empty>;
          return (
            <>
              <RunDetails id={shown.id} />
              <DataTable
                label={words.title}
                columns={columns}
                rows={list}
                rowKey={rowKey}
                selected={shown.id}
                onOpen={(run) => void navigate({ search: (old) => ({ ...old, run: run.id }) })}
                maxHeight={260}
              />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function RunDetails({ id }: { readonly id: string }) {
  const run = useAsk('getRun', { params: { run: id } });
  return (
    <div className="border-b">
      <Answer of={run} height={280}>
        {(known) => (
          <>
            <Steps run={known} />
            {known.error && (
              <p className="px-3 pb-2 text-act">
                <code className="font-mono text-[12px]">{known.error.code}</code>{' '}
                {known.error.detail}
              </p>
            )}
            <Repetition run={known} />
            {known.metrics.length > 1 && <LearningCurves run={known} />}
          </>
        )}
      </Answer>
    </div>
  );
}

/** How a repetition of another run came out. */
function Repetition({ run: { reproduces = '', reproduction } }: { readonly run: Run }) {
  if (reproduction === undefined) return null;
  const { first, artifacts } = reproduction;
  return (
    <p className={`px-3 pb-2 ${first === null ? 'text-soft' : 'text-act'}`}>
      {first === null
        ? words.equal(formatCount(artifacts.length), reproduces)
        : words.differs(first, reproduces)}
    </p>
  );
}

const stepColours = {
  done: 'border-well text-well',
  running: 'border-accent text-ink font-medium',
  failed: 'border-act text-act',
  waiting: 'border-line text-faint',
} as const;

function Steps({ run }: { readonly run: Run }) {
  return (
    <div className="flex flex-col gap-2 px-3 py-2.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{run.id}</span>
        <StateBadge level={runLevels[run.status]} word={words.statuses[run.status]} />
        <span className="text-soft">
          {words.facts(formatCount(run.seed), formatCount(run.imagesPerSecond))}
        </span>
        {(run.status === 'running' || run.status === 'queued') && (
          <span className="ml-auto">
            <CancelRun run={run.id} />
          </span>
        )}
      </div>
      <ol className="grid grid-cols-4 gap-1 sm:grid-cols-8">
        {stepViews(run).map(({ step, status }) => (
          <li
            key={step}
            className={`min-w-0 border-t-2 pt-0.5 text-[12px] ${stepColours[status]}`}
            title={words.stepStatuses[status]}
          >
            <span className="block truncate">{words.steps[step]}</span>
          </li>
        ))}
      </ol>
      {run.status === 'running' && run.step && (
        <Progress label={words.steps[run.step]} done={run.progress} of={1} />
      )}
    </div>
  );
}

const rowKey = (run: Run) => run.id;

const columns: readonly Column<Run>[] = [
  {
    id: 'run',
    title: words.columns.run,
    cell: (run) => <span className="font-medium">{run.id}</span>,
  },
  {
    id: 'status',
    title: words.columns.status,
    cell: (run) => (
      <StateBadge
        level={runLevels[run.status]}
        word={words.statuses[run.status]}
        title={run.error?.detail}
      />
    ),
  },
  {
    id: 'kind',
    title: words.columns.kind,
    hideBelow: 'sm',
    cell: (run) => (run.reproduces === undefined ? words.kinds[run.kind] : words.repetition),
  },
  { id: 'version', title: words.columns.version, align: 'end', cell: (run) => run.version ?? none },
  {
    id: 'speed',
    title: words.columns.speed,
    align: 'end',
    hideBelow: 'md',
    cell: (run) => formatCompact(run.imagesPerSecond),
  },
  {
    id: 'took',
    title: words.columns.took,
    align: 'end',
    hideBelow: 'sm',
    cell: (run) =>
      formatSpan(run.finishedAtMs === null ? undefined : run.finishedAtMs - run.createdAtMs),
  },
  {
    id: 'when',
    title: words.columns.when,
    align: 'end',
    cell: (run) => (
      <span className="text-faint">
        <Ago atMs={run.createdAtMs} />
      </span>
    ),
  },
];
