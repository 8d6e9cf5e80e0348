import type { Rollout } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { text } from '../../text/text.ts';
import { AbortRollout } from './actions.tsx';
import { deviceLevels, rolloutLevels, type WaveView, wavesOf } from './model.ts';

const words = text.models.rollouts;

/** Rollouts of a model, wave by wave. */
export function Rollouts({ model }: { readonly model: string }) {
  const rollouts = useAsk('listRollouts', { query: { limit: 20 } });
  return (
    <Panel title={words.title} className="self-start">
      <Answer of={rollouts} height={200}>
        {(all) => {
          const list = all.filter((rollout) => rollout.model === model);
          if (list.length === 0) return <Empty title={words.empty}>{words.emptyHint}</Empty>;
          return (
            <ul className="max-h-[560px] overflow-auto">
              {list.map((rollout) => (
                <RolloutItem key={rollout.id} rollout={rollout} />
              ))}
            </ul>
          );
        }}
      </Answer>
    </Panel>
  );
}

function RolloutItem({ rollout }: { readonly rollout: Rollout }) {
  const serving = rollout.devices.filter((each) => each.status === 'serving').length;
  const waiting = rollout.devices.filter((each) => each.status === 'waiting').length;
  return (
    <li className="flex flex-col gap-2 border-b px-3 py-2.5 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">
          {words.name(rollout.kind, text.modelVersion(rollout.model, rollout.version))}
        </span>
        <StateBadge level={rolloutLevels[rollout.status]} word={words.statuses[rollout.status]} />
        <span className="text-faint">
          {rollout.id} · <Ago atMs={rollout.createdAtMs} />
        </span>
        {rollout.status === 'running' && (
          <span className="ml-auto">
            <AbortRollout rollout={rollout.id} waiting={waiting} />
          </span>
        )}
      </div>
      {rollout.reason !== null && <p className="text-soft">{rollout.reason}</p>}
      {rollout.status === 'running' && (
        <Progress label={rollout.id} done={serving} of={rollout.devices.length} />
      )}
      {wavesOf(rollout).map((wave) => (
        <Wave key={wave.wave} wave={wave} />
      ))}
    </li>
  );
}

function Wave({ wave: { wave, devices, settled } }: { readonly wave: WaveView }) {
  return (
    <div className="grid grid-cols-[92px_minmax(0,1fr)] gap-x-2">
      <span className="text-faint tabular-nums">{words.wave(wave, settled, devices.length)}</span>
      <ul className="flex flex-wrap gap-x-4 gap-y-0.5">
        {devices.map((each) => (
          <li key={each.device} className="inline-flex items-center gap-1.5" title={each.detail}>
            <Link
              to="/devices/$device"
              params={{ device: each.device }}
              className="hover:underline"
            >
              {each.device}
            </Link>
            <StateBadge
              level={deviceLevels[each.status]}
              word={each.code ?? words.devices[each.status]}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
