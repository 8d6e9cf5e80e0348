import type { Device } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer } from '../../components/answer.tsx';
import { Figures } from '../../components/figures.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import {
  formatBytes,
  formatCount,
  formatLatency,
  formatNumber,
  formatSpan,
} from '../../text/format.ts';
import { remarkText } from '../../text/remarks.ts';
import { text } from '../../text/text.ts';
import { fleetRow } from '../fleet/model.ts';
import { DeviceCharts } from './charts.tsx';
import { DeviceCommands } from './commands.tsx';
import { DeviceEvents } from './events.tsx';
import { DeviceFeatures } from './features.tsx';
import { DeviceLineage } from './lineage.tsx';
import { DeviceSlots } from './slots.tsx';

const route = getRouteApi('/frame/devices/$device');
const words = text.device;

/** What is this one doing? */
export function DeviceScreen() {
  const id = route.useParams().device;
  const device = useAsk('getDevice', { params: { device: id } });
  return (
    <Answer of={device} height={640}>
      {(found) => <KnownDevice device={found} />}
    </Answer>
  );
}

function KnownDevice({ device }: { readonly device: Device }) {
  const row = fleetRow(device);
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1>{device.id}</h1>
        <StateBadge level={row.level} />
        <span className="text-soft">{row.remarks.map(remarkText).join(' ')}</span>
        <div className="ml-auto">
          <DeviceCommands device={device.id} online={row.online} />
        </div>
      </header>
      {!row.online && (
        <p className="text-unknown">
          {words.silent(text.presence[device.presence.status])}{' '}
          <Ago atMs={device.presence.sinceMs} />
        </p>
      )}
      <Headline device={device} stale={!row.online} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,3fr)]">
        <DeviceCharts device={device} />
        <div className="flex min-w-0 flex-col gap-4">
          <DeviceSlots device={device} />
          <DeviceLineage device={device.id} />
        </div>
      </div>
      <DeviceFeatures device={device} />
      <DeviceEvents device={device} />
    </div>
  );
}

function Headline({ device, stale }: { readonly device: Device; readonly stale: boolean }) {
  const health = device.state?.health;
  const level = stale ? 'unknown' : 'well';
  const figures = words.figures;
  return (
    <Figures
      figures={[
        {
          label: figures.throughput,
          value: formatNumber(device.throughputPerSecond),
          unit: figures.perSecond,
          level,
          source: figures.sourceWindow,
        },
        {
          label: figures.latency,
          value: formatLatency(device.latencyUs?.p50),
          note: device.latencyUs && figures.p95(formatLatency(device.latencyUs.p95)),
          level,
          source: figures.sourceWindow,
        },
        {
          label: figures.served,
          value: formatCount(health?.served),
          unit: figures.inputs,
          level,
          source: figures.sourceState,
        },
        {
          label: figures.memory,
          value: formatBytes(health?.rssBytes),
          level,
          source: figures.sourceState,
        },
        {
          label: figures.uptime,
          value: formatSpan(health?.uptimeMs),
          level,
          source: figures.sourceState,
        },
        {
          label: figures.losses,
          value: formatCount(device.loss.missing),
          note: figures.lossNote(device.loss.dropped, device.loss.quarantined),
          level: device.loss.missing > 0 ? 'watch' : level,
          source: figures.sourceLosses,
        },
      ]}
    />
  );
}
