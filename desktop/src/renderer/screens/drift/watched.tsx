import type { Device } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatEvidence } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { driftLevel, watchOrder } from './model.ts';

const words = text.driftScreen.watched;

/** All devices, those with the most evidence of a change first. */
export function Watched() {
  const devices = useAsk('listDevices', {});
  return (
    <Panel title={words.title} aside={words.hint} className="self-start">
      <Answer of={devices} height={128}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <ul className="max-h-[420px] overflow-auto">
              {watchOrder(list).map((device) => (
                <WatchedDevice key={device.id} device={device} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}

function WatchedDevice({ device }: { readonly device: Device }) {
  const { drift } = device;
  const word =
    drift.state === 'learning' && drift.baselineNeeded !== undefined
      ? text.fleet.learning(drift.baselineWindows ?? 0, drift.baselineNeeded)
      : text.drift[drift.state];
  return (
    <li className="grid h-8 grid-cols-[minmax(0,1fr)_auto_72px] items-center gap-2 border-b px-3 last:border-b-0">
      <Link
        to="/devices/$device"
        params={{ device: device.id }}
        className="truncate hover:underline"
      >
        {device.id}
      </Link>
      <StateBadge level={driftLevel(device)} word={word} />
      <span className="text-right text-soft tabular-nums" title={drift.feature}>
        {words.m(formatEvidence(drift.logM))}
      </span>
    </li>
  );
}
