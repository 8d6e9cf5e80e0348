import type { Run } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { ago, type Io, percent, table } from '../io.ts';

/** `edgewise runs`: list and cancel. */
export function addRuns(program: Command, io: Io): void {
  const runs = withHub(
    program
      .command('runs')
      .description('list runs of training, or cancel one')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise runs                         the newest first\n  edgewise runs cancel run-f5c74bb888   what is done of it is thrown away',
      ),
  );
  whenAlone(runs, async (options) => {
    answer(
      io,
      options,
      await clientOf(options).call('listRuns', { query: { limit: 20 } }),
      listing,
    );
  });

  withHub(
    runs
      .command('cancel <run>')
      .description('stop a run that is under way or waits')
      .addHelpText('after', '\nExample:\n  edgewise runs cancel run-f5c74bb888'),
  ).action(async (run: string, options: HubOptions) => {
    answer(
      io,
      options,
      await clientOf(options).call('cancelRun', { params: { run } }),
      ({ status }) => (status === 'running' ? `${run} is being stopped.` : `${run} is ${status}.`),
    );
  });
}

function listing(runs: readonly Run[]): string {
  if (runs.length === 0)
    return 'No runs yet. Start one with "edgewise train MODEL --dataset NAME --recipe FILE".';
  return table(
    ['run', 'model', 'kind', 'status', 'step', 'began', 'version', 'why'],
    runs.map((run) => [
      run.id,
      run.model,
      run.reproduces === undefined ? run.kind : `repeats ${run.reproduces}`,
      run.status,
      run.status === 'running' ? `${run.step ?? '-'} ${percent(run.progress)}` : '-',
      ago(run.createdAtMs, Date.now()),
      run.version ?? '-',
      run.error === null ? '' : `[${run.error.code}] ${run.error.detail}`,
    ]),
  );
}
