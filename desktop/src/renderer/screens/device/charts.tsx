import type { Device } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Series } from '../../charts/series.tsx';
import type { Line } from '../../charts/series-props.ts';
import { Answer, Empty } from '../../components/answer.tsx';
import { Choice } from '../../components/choice.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatClock, formatLatency, formatNumber, formatShare } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { marksOf, type WindowColumns, windowColumns } from './model.ts';

const route = getRouteApi('/frame/devices/$device');
const words = text.device.charts;
const spans = [60, 200, 1000] as const;
const defaultSpan = 200;

/** Latency, throughput and confidence on one time axis, with deployments and alarms as marks. */
export function DeviceCharts({ device }: { readonly device: Device }) {
  const { windows: span = defaultSpan } = route.useSearch();
  const navigate = route.useNavigate();
  const params = { device: device.id };
  const windows = useAsk('deviceWindows', { params, query: { limit: Math.min(span, 1000) } });
  const events = useAsk('deviceEvents', { params, query: { limit: 200 } }).data;
  const alarms = useAsk('listAlarms', {}).data;
  const marks = useMemo(
    () => marksOf(device, events ?? [], alarms ?? []),
    [device, events, alarms],
  );
  return (
    <Panel
      title={words.title}
      className="self-start"
      aside={
        <>
          <MarkLegend />
          <Choice
            label={words.span}
            value={String(span)}
            options={spans.map((each) => ({ value: String(each), name: words.windows(each) }))}
            onChoose={(value) =>
              void navigate({ search: { windows: Number(value) }, replace: true })
            }
          />
        </>
      }
    >
      <Answer of={windows} height={460}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <Charts columns={windowColumns(list)} marks={marks} />
          )
        }
      </Answer>
    </Panel>
  );
}

interface ChartsProps {
  readonly columns: WindowColumns;
  readonly marks: ReturnType<typeof marksOf>;
}

function Charts({ columns, marks }: ChartsProps) {
  const latency: Line[] = [
    { label: words.p99, values: columns.p99, colour: 6, dashed: true },
    { label: words.p95, values: columns.p95, colour: 4 },
    { label: words.p50, values: columns.p50, colour: 1 },
  ];
  const shared = {
    xs: columns.xs,
    marks,
    sync: 'device',
    formatX: (seconds: number) => formatClock(seconds * 1000),
  };
  return (
    <div className="flex flex-col gap-1 pb-2">
      <Series
        {...shared}
        label={words.latency}
        lines={latency}
        band={[0, 2]}
        format={formatLatency}
        height={210}
      />
      <Series
        {...shared}
        label={words.throughput}
        lines={[{ label: words.perSecond, values: columns.perSecond, colour: 3 }]}
        format={formatNumber}
        height={130}
      />
      <Series
        {...shared}
        label={words.confidence}
        lines={[{ label: words.mean, values: columns.confidence, colour: 2 }]}
        format={formatShare}
        height={130}
        atLeast={[0, 1]}
      />
      <ul className="sr-only">
        {marks.map((mark) => (
          <li key={`${mark.kind}-${mark.at}-${mark.label}`}>
            {words.mark(mark.kind, mark.label, formatClock(mark.at * 1000))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function MarkLegend() {
  return (
    <span className="flex items-center gap-3 max-sm:hidden" aria-hidden>
      <span className="inline-flex items-center gap-1.5">
        <span className="inline-block h-3 border-l border-dashed border-accent" />{' '}
        {words.deployment}
      </span>
      <span className="inline-flex items-center gap-1.5">
        <span className="inline-block h-3 border-l border-act" /> {words.alarm}
      </span>
    </span>
  );
}
