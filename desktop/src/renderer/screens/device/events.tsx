import type { DeviceEvent } from '@edgewise/protocol';
import type { Device } from '@edgewise/protocol/http';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatSpan } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { bundleName, eventLevel } from './model.ts';

const words = text.device.events;

/** What happened on the device, newest first. */
export function DeviceEvents({ device }: { readonly device: Device }) {
  const events = useAsk('deviceEvents', { params: { device: device.id }, query: { limit: 200 } });
  return (
    <Panel title={words.title} aside={events.data && words.count(events.data.length)}>
      <Answer of={events} height={192}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <DataTable
              label={words.title}
              columns={columnsFor(device)}
              rows={list}
              rowKey={rowKey}
              maxHeight={420}
            />
          )
        }
      </Answer>
    </Panel>
  );
}

const rowKey = (event: DeviceEvent) => `${event.epoch}-${event.sequence}`;

function columnsFor(device: Device): readonly Column<DeviceEvent>[] {
  return [
    {
      id: 'state',
      title: words.columns.state,
      width: '96px',
      hideBelow: 'sm',
      cell: (event) => <StateBadge level={eventLevel(event)} />,
    },
    {
      id: 'when',
      title: words.columns.when,
      width: '112px',
      cell: (event) => (
        <span className="text-faint">
          <Ago atMs={event.atMs} />
        </span>
      ),
    },
    { id: 'what', title: words.columns.what, cell: (event) => sentence(event, device) },
  ];
}

function sentence({ body }: DeviceEvent, device: Device) {
  switch (body.kind) {
    case 'step':
      return (
        <>
          {text.steps[body.step] ?? body.step}{' '}
          <span className="text-soft">{words.outcomes[body.outcome]}</span>{' '}
          {body.manifest !== undefined && bundleName(device, body.manifest)}
          <Faint>{body.durationMs === undefined ? undefined : formatSpan(body.durationMs)}</Faint>
          <Faint>{body.detail}</Faint>
        </>
      );
    case 'error':
      return (
        <>
          <code className="font-mono text-[12px]">{body.code}</code> {body.detail}
        </>
      );
    case 'started':
      return (
        <>
          {words.started(body.agentVersion)}
          <Faint>{words.exits[body.previousExit]}</Faint>
        </>
      );
    case 'dropped':
      return words.dropped(body.class, body.last - body.first + 1);
    case 'sample':
      return (
        <>
          {words.sample(body.reason)}
          <Faint>{text.modelVersion(body.model, body.version)}</Faint>
        </>
      );
  }
}

function Faint({ children }: { readonly children: string | undefined }) {
  return children === undefined ? null : <span className="ml-2 text-faint">{children}</span>;
}
