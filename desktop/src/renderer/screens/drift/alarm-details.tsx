import type { Alarm } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Evidence } from '../../charts/evidence.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatDay } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { AlarmActions } from './actions.tsx';
import { Decisions } from './decisions.tsx';
import { Findings } from './findings.tsx';
import { LabelsAndAccuracy } from './labels-and-accuracy.tsx';
import { alarmLevels, evidenceUntilMs } from './model.ts';

const words = text.driftScreen;
/** Windows of each device on its strip of evidence. */
const windows = 120;

/** One alarm: what changed, how sure we are, what was decided, what is to be done. */
export function AlarmDetails({ alarm }: { readonly alarm: Alarm }) {
  return (
    <div className="flex min-w-0 flex-col gap-4 lg:col-start-2 lg:row-span-2 lg:row-start-1">
      <section className="rounded-md border bg-surface" aria-label={alarm.id}>
        <div className="flex flex-col gap-1 p-4">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[12px] text-faint">
            <StateBadge level={alarmLevels[alarm.status]} word={words.statuses[alarm.status]} />
            <span>
              {alarm.id} · {words.opened(formatDay(alarm.openedAtMs))}
            </span>
            <Links alarm={alarm} />
          </div>
          <p className="text-[15px] leading-6 font-medium first-letter:uppercase">
            {alarm.sentence}
          </p>
          {alarm.unchanged.length > 0 && (
            <p className="text-soft">{words.unchanged(alarm.unchanged)}</p>
          )}
        </div>
        <div className="border-t px-4 py-2.5">
          <AlarmActions alarm={alarm} />
        </div>
      </section>
      <Findings alarm={alarm} />
      <Panel title={words.evidence} aside={words.evidenceHint}>
        <ul className="flex flex-col gap-3 p-3">
          {alarm.devices.map((device) => (
            <DeviceEvidence key={device} device={device} untilMs={evidenceUntilMs(alarm)} />
          ))}
        </ul>
      </Panel>
      <div className="grid gap-4 md:grid-cols-2">
        <LabelsAndAccuracy alarm={alarm} />
        <Decisions alarm={alarm} />
      </div>
    </div>
  );
}

function Links({ alarm }: { readonly alarm: Alarm }) {
  const look = 'text-soft underline decoration-line-strong underline-offset-2 hover:decoration-ink';
  return (
    <span className="flex flex-wrap gap-3">
      <Link to="/models" search={{ model: alarm.model, version: alarm.version }} className={look}>
        {text.modelVersion(alarm.model, alarm.version)}
      </Link>
      {alarm.run !== null && (
        <Link to="/models" search={{ model: alarm.model, run: alarm.run }} className={look}>
          {alarm.run}
        </Link>
      )}
      {alarm.rollout !== null && (
        <Link to="/models" search={{ model: alarm.model }} className={look}>
          {alarm.rollout}
        </Link>
      )}
    </span>
  );
}

interface DeviceEvidenceProps {
  readonly device: string;
  readonly untilMs: number;
}

function DeviceEvidence({ device, untilMs }: DeviceEvidenceProps) {
  const answer = useAsk('deviceWindows', {
    params: { device },
    query: { limit: windows, beforeMs: untilMs },
  });
  return (
    <li className="grid grid-cols-[84px_minmax(0,1fr)] items-end gap-3">
      <Link to="/devices/$device" params={{ device }} className="truncate pb-1 hover:underline">
        {device}
      </Link>
      <Evidence label={device} windows={answer.data ?? []} />
    </li>
  );
}
