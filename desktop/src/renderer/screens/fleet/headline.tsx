import type { Device } from '@edgewise/protocol/http';
import { useAsk } from '../../api/api-context.tsx';
import { Figures } from '../../components/figures.tsx';
import { formatCount, formatNumber } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { fleetThroughput, statusLevels } from './model.ts';

const words = text.fleet;

/** The fleet in five figures. */
export function Headline({ devices }: { readonly devices: readonly Device[] | undefined }) {
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
