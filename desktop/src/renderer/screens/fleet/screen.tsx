import type { Device } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { text } from '../../text/text.ts';
import { columns } from './columns.tsx';
import { Enrol } from './enrol.tsx';
import { Filters } from './filters.tsx';
import { Headline } from './headline.tsx';
import { type FleetRow, fleetRows } from './model.ts';

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
