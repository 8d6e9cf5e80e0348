import type { Alarm } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Figures } from '../../components/figures.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatCount } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { AlarmDetails } from './alarm-details.tsx';
import { alarmLevels, alarmOrder, driftFigures } from './model.ts';
import { Watched } from './watched.tsx';

const route = getRouteApi('/frame/drift');
const words = text.driftScreen;

/** What changed, where, and how sure are we? */
export function DriftScreen() {
  const alarms = useAsk('listAlarms', {});
  const wanted = route.useSearch().alarm;
  const ordered = alarmOrder(alarms.data ?? []);
  const selected = ordered.find((alarm) => alarm.id === wanted) ?? ordered[0];
  return (
    <div className="flex flex-col gap-4">
      <h1>{words.title}</h1>
      <Headline alarms={alarms.data ?? []} />
      <div className="grid gap-4 lg:grid-cols-[minmax(280px,2fr)_minmax(0,5fr)] lg:grid-rows-[auto_1fr]">
        <Panel title={words.alarms} aside={alarms.data && String(alarms.data.length)}>
          <Answer of={alarms} height={160}>
            {() =>
              selected ? (
                <AlarmList alarms={ordered} selected={selected.id} />
              ) : (
                <Empty title={words.empty}>{words.emptyHint}</Empty>
              )
            }
          </Answer>
        </Panel>
        {selected && <AlarmDetails key={selected.id} alarm={selected} />}
        <Watched />
      </div>
    </div>
  );
}

function Headline({ alarms }: { readonly alarms: readonly Alarm[] }) {
  const devices = useAsk('listDevices', {}).data ?? [];
  const counts = driftFigures(alarms, devices);
  const figures = words.figures;
  return (
    <Figures
      figures={[
        {
          label: figures.open,
          value: formatCount(counts.open),
          level: counts.open > 0 ? 'act' : 'well',
          source: figures.sourceAlarms,
        },
        {
          label: figures.drifting,
          value: formatCount(counts.drifting),
          unit: figures.of(counts.watched),
          level: counts.drifting > 0 ? 'act' : 'well',
          href: '#/fleet?sort=-drift',
          source: figures.sourceDevices,
        },
        {
          label: figures.learning,
          value: formatCount(counts.learning),
          unit: figures.devices(counts.learning),
          source: figures.sourceLearning,
        },
        {
          label: figures.labels,
          value: formatCount(counts.labelsMissing),
          unit: figures.labelsUnit,
          href: '#/label',
          source: figures.sourceLabels,
        },
      ]}
    />
  );
}

interface AlarmListProps {
  readonly alarms: readonly Alarm[];
  readonly selected: string;
}

function AlarmList({ alarms, selected }: AlarmListProps) {
  const navigate = route.useNavigate();
  return (
    <ul className="max-h-[480px] overflow-auto">
      {alarms.map((alarm) => (
        <li key={alarm.id} className="border-b last:border-b-0">
          <button
            type="button"
            aria-current={alarm.id === selected}
            onClick={() => void navigate({ search: { alarm: alarm.id } })}
            className={`flex w-full flex-col gap-0.5 px-3 py-2 text-left ${alarm.id === selected ? 'bg-selected' : 'hover:bg-hover'}`}
          >
            <span className="flex w-full items-center justify-between gap-2">
              <StateBadge level={alarmLevels[alarm.status]} word={words.statuses[alarm.status]} />
              <span className="text-[12px] text-faint">
                <Ago atMs={alarm.openedAtMs} />
              </span>
            </span>
            <span className="line-clamp-2 text-soft">{alarm.sentence}</span>
            <span className="text-[12px] text-faint">
              {text.modelVersion(alarm.model, alarm.version)} · {alarm.devices.join(', ')}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
