import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Strip } from '../../charts/strip.tsx';
import { Ago } from '../../components/ago.tsx';
import type { Column } from '../../components/data-table.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatLatency, formatNumber, none } from '../../text/format.ts';
import { remarkText } from '../../text/remarks.ts';
import { text } from '../../text/text.ts';
import { type FleetRow, urgency } from './model.ts';

const words = text.fleet;

const last = (value: number | null | undefined) => value ?? -1;

/** What the table says of each device. */
export const columns: readonly Column<FleetRow>[] = [
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
