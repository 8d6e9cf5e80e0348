import type { Sweep } from '@edgewise/protocol/http';
import { useAsk } from '../../api/api-context.tsx';
import { Figures, type HeadlineFigure } from '../../components/figures.tsx';
import { useNow } from '../../components/now.ts';
import { formatAccuracy, formatCount, formatSpan, none } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { isOpen } from './model.ts';

const words = text.sweep.figures;

/** How far a sweep is, what it has found, and what became of that. */
export function Headline({ sweep }: { readonly sweep: Sweep }) {
  const { tally, trials, best, createdAtMs, finishedAtMs, spec } = sweep;
  const nowMs = useNow();
  const leader = tally?.leader ?? undefined;
  return (
    <Figures
      figures={[
        {
          label: words.trials,
          value: formatCount(tally?.ended ?? 0),
          unit: words.of(formatCount(trials.length)),
          note: tally && tally.failed > 0 && words.failed(formatCount(tally.failed)),
          source: words.sourceTrials,
        },
        {
          label: best === null ? words.leader : words.best,
          value: formatAccuracy(leader?.accuracy),
          note: leader && words.trial(formatCount(leader.trial)),
          source: words.sourceBest,
        },
        roundFigure(sweep),
        {
          label: words.took,
          value: formatSpan((finishedAtMs ?? nowMs) - createdAtMs),
          note: spec.workers !== undefined && words.workers(formatCount(spec.workers)),
          source: words.sourceTook,
        },
        useVersionFigure(sweep),
      ]}
    />
  );
}

/** The round of halving; elsewhere how long each trial trains. */
function roundFigure({ tally, rungs, spec }: Sweep): HeadlineFigure {
  const round = tally?.round ?? 1;
  const rung = rungs[round - 1];
  if (rungs.length > 1)
    return {
      label: words.round,
      value: formatCount(round),
      unit: words.of(formatCount(rungs.length)),
      note:
        rung &&
        words.upTo({
          finished: formatCount(tally?.finished ?? 0),
          trials: formatCount(rung.trials),
          epochs: formatCount(rung.epochs),
        }),
      source: words.sourceRound,
    };
  const isVaried = Object.hasOwn(spec.parameters, 'epochs');
  return {
    label: words.epochs,
    value: isVaried ? words.varied : formatCount(rung?.epochs),
    note: !isVaried && words.each,
    source: words.sourceEpochs,
  };
}

/** The version that was made of the best trial, with the way to the run that made it. */
function useVersionFigure(sweep: Sweep): HeadlineFigure {
  const { run: id, model } = sweep;
  const run = useAsk('getRun', { params: { run: id ?? '' } }, { enabled: id !== null }).data;
  const waits = isOpen(sweep) ? words.noRun : words.noVersion;
  return {
    ...{ label: words.version, source: words.sourceVersion },
    value: run?.version ? text.modelVersion(model, run.version) : none,
    note: id === null ? waits : words.run(id),
    ...(id !== null && {
      href: `#/models?${new URLSearchParams({ model, run: id }).toString()}`,
    }),
  };
}
