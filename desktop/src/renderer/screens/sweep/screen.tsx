import type { Sweep } from '@edgewise/protocol/http';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Answer } from '../../components/answer.tsx';
import { Progress } from '../../components/progress.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { text } from '../../text/text.ts';
import { runLevels } from '../models/model.ts';
import { CancelSweep } from './cancel.tsx';
import { Headline } from './headline.tsx';
import { isOpen, trialRows, workDone } from './model.ts';
import { parametersOf } from './parameters.ts';
import { Pictures } from './pictures.tsx';
import { Trials } from './trials.tsx';

const route = getRouteApi('/frame/models/sweeps/$sweep');
const words = text.sweep;

/** Which values are good, and how sure is that? */
export function SweepScreen() {
  const { sweep: id } = route.useParams();
  const sweep = useAsk('getSweep', { params: { sweep: id } });
  return (
    <Answer of={sweep} height={640}>
      {(found) => <KnownSweep key={found.id} sweep={found} />}
    </Answer>
  );
}

function KnownSweep({ sweep }: { readonly sweep: Sweep }) {
  const { id, model, spec, status, error } = sweep;
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1>{id}</h1>
        <StateBadge level={runLevels[status]} word={text.models.sweeps.statuses[status]} />
        <span className="text-soft">
          {words.over(text.models.sweeps.methods[spec.method])}{' '}
          <Link to="/models" search={{ model }} className="underline underline-offset-2">
            {model}
          </Link>
        </span>
        {isOpen(sweep) && (
          <div className="ml-auto">
            <CancelSweep sweep={sweep} />
          </div>
        )}
      </header>
      {error && (
        <p className="text-act">
          <code className="font-mono text-[12px]">{error.code}</code> {error.detail}
        </p>
      )}
      {isOpen(sweep) && (
        <Progress label={text.models.sweeps.progress(id)} done={workDone(sweep)} of={1} />
      )}
      <Headline sweep={sweep} />
      <Compared sweep={sweep} />
    </div>
  );
}

/** Pictures and table of the trials; one trial is set off in all of them. */
function Compared({ sweep }: { readonly sweep: Sweep }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const answer = useAsk('sweepCurves', { params: { sweep: sweep.id } });
  const curves = answer.data ?? none;
  const rows = useMemo(() => trialRows(sweep, curves), [sweep, curves]);
  const parameters = useMemo(() => parametersOf({ spec: sweep.spec }), [sweep.spec]);
  const [near, setNear] = useState<number>();
  const of = (number: number | undefined) => rows.find(({ trial }) => trial.number === number);
  const chosen = of(search.trial) ?? rows[0];
  const choose = (trial: number) =>
    void navigate({ search: (old) => ({ ...old, trial }), replace: true });
  return (
    <div className="flex flex-col gap-4">
      <Pictures
        {...{ sweep, rows, curves, parameters }}
        shown={of(near) ?? chosen}
        chosen={chosen}
        measure={search.curve ?? 'accuracy'}
        onMeasure={(measure) =>
          void navigate({
            search: (old) => ({ ...old, curve: measure === 'loss' ? measure : undefined }),
            replace: true,
          })
        }
        onNear={setNear}
        onChoose={choose}
      />
      <Trials
        {...{ sweep, rows, parameters }}
        chosen={chosen}
        sort={search.sort}
        onSort={(sort) => void navigate({ search: (old) => ({ ...old, sort }), replace: true })}
        onChoose={choose}
      />
    </div>
  );
}

const none = [] as const;
