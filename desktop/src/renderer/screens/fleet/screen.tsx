import type { Device } from '@edgewise/protocol/http';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useMemo } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Strip } from '../../charts/strip.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Figures } from '../../components/figures.tsx';
import { type Level, levels } from '../../components/levels.ts';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatCount, formatLatency, formatNumber, none } from '../../text/format.ts';
import { remarkText } from '../../text/remarks.ts';
import { text } from '../../text/text.ts';
import { Enrol } from './enrol.tsx';
import {
  countLevels,
  type FleetRow,
  fleetRow,
  fleetRows,
  fleetThroughput,
  statusLevels,
  urgency,
} from './model.ts';

const route = getRouteApi('/frame/fleet');
const words = text.fleet;

/** Is everything well, and what is not? */
export function FleetScreen() {
  const devices = useAsk('listDevices', {});
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center justify-between gap-2">
        <h1>{words.title}</h1>
        <Enrol />
      </header>
      <Headline devices={devices.data} />
      <Panel title={words.table} aside={<Filters devices={devices.data ?? []} />}>
        <Answer of={devices} height={32 * 4}>
          {(list) => (list.length === 0 ? <NoDevices /> : <Devices devices={list} />)}
        </Answer>
      </Panel>
    </div>
  );
}

function Headline({ devices }: { readonly devices: readonly Device[] | undefined }) {
  const status = useAsk('status', {}).data;
  const level = status && statusLevels(status);
  const figures = words.figures;
  return (
    <Figures
      figures={[
        {
          label: figures.online,
          value: formatCount(status?.devices.online),
          unit: status && figures.of(status.devices.total),
          level: level?.online,
          source: figures.sourceStatus,
        },
        {
          label: figures.converged,
          value: formatCount(status?.devices.converged),
          unit: status && figures.of(status.devices.total),
          source: figures.sourceConverged,
        },
        {
          label: figures.throughput,
          value: formatNumber(devices && fleetThroughput(devices)),
          unit: figures.perSecond,
          source: figures.sourceThroughput,
        },
        {
          label: figures.alarms,
          value: formatCount(status?.openAlarms),
          level: level?.alarms,
          href: '#/drift',
          source: figures.sourceStatus,
        },
        {
          label: figures.losses,
          value: formatCount(status?.unexplainedLosses),
          unit: figures.messages,
          level: level?.losses,
          source: figures.sourceLosses,
        },
      ]}
    />
  );
}

function Filters({ devices }: { readonly devices: readonly Device[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const counts = useMemo(() => countLevels(devices.map(fleetRow)), [devices]);
  const choose = (state: Level | undefined) =>
    void navigate({ search: (old) => ({ ...old, state }), replace: true });
  return (
    <>
      <fieldset className="flex" aria-label={words.stateFilter}>
        <FilterChip pressed={search.state === undefined} onClick={() => choose(undefined)}>
          {text.all} {devices.length}
        </FilterChip>
        {levels.map((level) => (
          <FilterChip key={level} pressed={search.state === level} onClick={() => choose(level)}>
            <StateBadge level={level} brief /> {counts[level]}
          </FilterChip>
        ))}
      </fieldset>
      <label className="flex h-7 items-center gap-1.5 rounded-md border bg-page px-2 focus-within:outline-2 focus-within:outline-accent">
        <Search size={14} aria-hidden />
        <input
          className="w-32 bg-transparent text-[13px] text-ink outline-none placeholder:text-faint"
          placeholder={words.filter}
          aria-label={words.filter}
          value={search.q ?? ''}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, q: event.target.value || undefined }),
              replace: true,
            })
          }
        />
      </label>
    </>
  );
}

interface FilterChipProps {
  readonly pressed: boolean;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}

function FilterChip({ pressed, onClick, children }: FilterChipProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onClick}
      className={`-ml-px inline-flex h-7 items-center gap-1.5 border px-2 whitespace-nowrap tabular-nums first:ml-0 first:rounded-l-md last:rounded-r-md ${pressed ? 'bg-selected text-ink' : 'bg-surface hover:bg-hover'}`}
    >
      {children}
    </button>
  );
}

function Devices({ devices }: { readonly devices: readonly Device[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const rows = useMemo(() => fleetRows(devices, search), [devices, search]);
  if (rows.length === 0) return <Empty title={words.noMatch}>{words.noMatchHint}</Empty>;
  return (
    <DataTable
      label={words.table}
      columns={columns}
      rows={rows}
      rowKey={rowKey}
      sort={search.sort}
      onSort={(sort) => void navigate({ search: (old) => ({ ...old, sort }), replace: true })}
      onOpen={(row) => void navigate({ to: '/devices/$device', params: { device: row.device.id } })}
    />
  );
}

function NoDevices() {
  return (
    <Empty title={words.empty}>
      <p>{words.emptyHint}</p>
      <Enrol />
    </Empty>
  );
}

const rowKey = (row: FleetRow) => row.device.id;
const last = (value: number | null | undefined) => value ?? -1;

const columns: readonly Column<FleetRow>[] = [
  {
    id: 'state',
    title: words.columns.state,
    sortBy: urgency,
    cell: (row) => (
      <StateBadge level={row.level} title={row.remarks.map(remarkText).join('\n')} brief />
    ),
  },
  {
    id: 'device',
    title: words.columns.device,
    sortBy: (row) => row.device.id,
    cell: (row) => (
      <Link
        to="/devices/$device"
        params={{ device: row.device.id }}
        className="font-medium hover:underline"
      >
        {row.device.id}
      </Link>
    ),
  },
  {
    id: 'presence',
    title: words.columns.presence,
    hideBelow: 'md',
    sortBy: (row) => row.device.presence.status,
    cell: ({ device, online }) => (
      <span className={online ? '' : 'text-faint'}>
        {text.presence[device.presence.status]}
        {!online && (
          <>
            {' '}
            <Ago atMs={device.presence.sinceMs} />
          </>
        )}
      </span>
    ),
  },
  {
    id: 'class',
    title: words.columns.class,
    hideBelow: 'lg',
    sortBy: (row) => row.device.deviceClass,
    cell: (row) => <span className="text-soft">{text.deviceClasses[row.device.deviceClass]}</span>,
  },
  {
    id: 'model',
    title: words.columns.model,
    hideBelow: 'sm',
    sortBy: (row) => `${row.model ?? ''} ${String(row.version ?? 0).padStart(6, '0')}`,
    cell: ({ model, version }) =>
      model && version ? (
        <Link to="/models" search={{ model, version }} className="hover:underline">
          {text.modelVersion(model, version)}
        </Link>
      ) : (
        <span className="text-faint">{words.noModel}</span>
      ),
  },
  {
    id: 'rate',
    title: words.columns.throughput,
    unit: words.units.perSecond,
    align: 'end',
    sortBy: (row) => last(row.device.throughputPerSecond),
    cell: ({ device, online }) => (
      <Stale stale={!online}>{formatNumber(device.throughputPerSecond)}</Stale>
    ),
  },
  {
    id: 'p50',
    title: words.columns.p50,
    align: 'end',
    hideBelow: 'md',
    sortBy: (row) => last(row.device.latencyUs?.p50),
    cell: ({ device, online }) => (
      <Stale stale={!online}>{formatLatency(device.latencyUs?.p50)}</Stale>
    ),
  },
  {
    id: 'p95',
    title: words.columns.p95,
    align: 'end',
    hideBelow: 'sm',
    sortBy: (row) => last(row.device.latencyUs?.p95),
    cell: ({ device, online }) => (
      <Stale stale={!online}>{formatLatency(device.latencyUs?.p95)}</Stale>
    ),
  },
  {
    id: 'drift',
    title: words.columns.drift,
    sortBy: (row) => row.device.drift.logM ?? Number.NEGATIVE_INFINITY,
    cell: (row) => <DriftCell row={row} />,
  },
  {
    id: 'strip',
    title: words.columns.strip,
    width: '324px',
    cell: (row) => <DeviceStrip id={row.device.id} stale={!row.online} />,
  },
  {
    id: 'seen',
    title: words.columns.seen,
    align: 'end',
    width: '104px',
    hideBelow: 'xl',
    sortBy: (row) => last(row.device.lastWindowAtMs),
    cell: ({ device }) =>
      device.lastWindowAtMs === null ? (
        none
      ) : (
        <span className="text-faint">
          <Ago atMs={device.lastWindowAtMs} />
        </span>
      ),
  },
];

function Stale({ stale, children }: { readonly stale: boolean; readonly children: string }) {
  return (
    <span
      className={stale ? 'text-faint' : ''}
      title={children === none ? words.noWindow : undefined}
    >
      {children}
    </span>
  );
}

const driftLevels = {
  none: 'unknown',
  learning: 'unknown',
  watching: 'well',
  alarm: 'act',
} as const;

function DriftCell({ row: { device, online } }: { readonly row: FleetRow }) {
  const { drift } = device;
  const word =
    drift.state === 'learning' && drift.baselineNeeded !== undefined
      ? words.learning(drift.baselineWindows ?? 0, drift.baselineNeeded)
      : text.drift[drift.state];
  return (
    <StateBadge
      level={online || drift.state === 'alarm' ? driftLevels[drift.state] : 'unknown'}
      word={word}
      title={drift.feature}
    />
  );
}

function DeviceStrip({ id, stale }: { readonly id: string; readonly stale: boolean }) {
  const windows = useAsk('deviceWindows', { params: { device: id }, query: { limit: 60 } });
  return <Strip windows={windows.data ?? []} stale={stale} />;
}
