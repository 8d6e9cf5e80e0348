import type { FieldSample } from '@edgewise/protocol/http';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Answer, Empty, Failure } from '../../components/answer.tsx';
import { isBusy } from '../../frame/use-shortcuts.ts';
import { useMayDo } from '../../session/session-context.tsx';
import { text } from '../../text/text.ts';
import { Choices } from './choices.tsx';
import { type LabelKey, readKey, upcoming } from './model.ts';
import { QueueProgress } from './queue-progress.tsx';
import { Recent } from './recent.tsx';
import { SampleFacts } from './sample-facts.tsx';
import { SampleView } from './sample-view.tsx';
import { useSitting } from './use-sitting.ts';

const route = getRouteApi('/frame/label');
const words = text.label;
/** Samples asked for at once. */
const limit = 200;

/** What must I decide now? */
export function LabelScreen() {
  const { model } = route.useSearch();
  const queue = useAsk('labelQueue', {
    query: { limit, status: 'waiting', ...(model !== undefined && { model }) },
  });
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-baseline gap-x-4">
        <h1>{words.title}</h1>
        <span className="text-faint max-sm:hidden">{words.keysHint}</span>
      </header>
      <Answer of={queue} height={420}>
        {(list) => <Queue queue={list} />}
      </Answer>
    </div>
  );
}

function Queue({ queue }: { readonly queue: readonly FieldSample[] }) {
  const { sitting, error, give, undo } = useSitting();
  const [current, next] = upcoming(queue, sitting);
  const classes = useClasses(current?.model);
  const { prediction } = route.useSearch();
  const navigate = route.useNavigate();
  const mayLabel = useMayDo('label');
  const togglePrediction = () =>
    void navigate({
      search: (old) => ({ ...old, prediction: prediction ? undefined : 'shown' }),
      replace: true,
    });
  const act = (key: LabelKey) => {
    if (key.kind === 'choose' && current && mayLabel) give(current, key.label);
    if (key.kind === 'skip' && current && mayLabel) give(current, null);
    if (key.kind === 'undo') undo();
    if (key.kind === 'prediction') togglePrediction();
  };
  const typed = useKeys(classes, act);

  return (
    <>
      {error && (
        <div className="rounded-md border bg-surface">
          <Failure error={error} />
        </div>
      )}
      {current ? (
        <div className="grid gap-4 lg:grid-cols-[auto_minmax(0,1fr)_280px]">
          <div className="flex justify-center">
            <SampleView key={current.sample} sample={current} size={320} />
            {next && (
              <div className="hidden" aria-hidden>
                <SampleView key={next.sample} sample={next} size={1} />
              </div>
            )}
          </div>
          <Choices
            classes={classes}
            typed={typed}
            disabled={!mayLabel}
            canUndo={sitting.answered.length > 0}
            onKey={act}
          />
          <SampleFacts
            sample={current}
            classes={classes}
            predictionShown={prediction === 'shown'}
            onTogglePrediction={togglePrediction}
          />
        </div>
      ) : (
        <div className="rounded-md border bg-surface">
          <Empty title={words.empty}>
            <p>{words.emptyHint}</p>
            <Link to="/drift" className="text-accent underline underline-offset-2">
              {words.toDrift}
            </Link>
          </Empty>
        </div>
      )}
      <QueueProgress sample={current} answered={sitting.answered.length} />
      <Recent answered={sitting.answered} classes={classes} />
    </>
  );
}

function useClasses(model: string | undefined): readonly string[] {
  const models = useAsk('listModels', {}).data;
  return (models?.find((each) => each.id === model) ?? models?.[0])?.classes ?? noClasses;
}

const noClasses: readonly string[] = [];

/** Listens to keys outside of fields; returns the digits typed so far where classes have no key of their own. */
function useKeys(classes: readonly string[], act: (key: LabelKey) => void): string {
  const [typed, setTyped] = useState('');
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.repeat || isBusy(event)) return;
      const key = readKey(event.key, classes, typed);
      if (key.kind === 'none') return;
      event.preventDefault();
      setTyped(key.kind === 'type' ? key.typed : '');
      act(key);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [classes, typed, act]);
  return typed;
}
