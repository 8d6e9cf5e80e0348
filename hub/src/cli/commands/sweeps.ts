import type { Sweep } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { ago, type Io, table } from '../io.ts';
import { sweepTable } from '../sweep-table.ts';

/** `edgewise sweeps`: list, show and cancel. */
export function addSweeps(program: Command, io: Io): void {
  const sweeps = withHub(
    program
      .command('sweeps')
      .description('list sweeps, show the trials of one, or cancel it')
      .addHelpText(
        'after',
        '\n"edgewise train MODEL --dataset NAME --recipe FILE --sweep FILE" starts one; "edgewise train --help" shows such a file.\nAccuracy and loss are those on the validation part, which all trials share; time is what workers spent.\n\nExamples:\n  edgewise sweeps                          the newest first\n  edgewise sweeps show sweep-f5c74bb888    its trials, the best first; with --json every round of each\n  edgewise sweeps cancel sweep-f5c74bb888  what its trials have found stays',
      ),
  );
  whenAlone(sweeps, async (options) => {
    const list = await clientOf(options).call('listSweeps', { query: { limit: 20 } });
    answer(io, options, list, listing);
  });
  withHub(
    sweeps
      .command('show <sweep>')
      .description('show the trials of a sweep, the best first')
      .addHelpText('after', '\nExample:\n  edgewise sweeps show sweep-f5c74bb888'),
  ).action(async (sweep: string, options: HubOptions) => {
    answer(io, options, await clientOf(options).call('getSweep', { params: { sweep } }), details);
  });
  withHub(
    sweeps
      .command('cancel <sweep>')
      .description('stop a sweep that is under way or waits')
      .addHelpText('after', '\nExample:\n  edgewise sweeps cancel sweep-f5c74bb888'),
  ).action(async (sweep: string, options: HubOptions) => {
    await clientOf(options).call('cancelSweep', { params: { sweep } });
    const after = await clientOf(options).call('getSweep', { params: { sweep } });
    answer(io, options, after, ({ status }) =>
      status === 'running' ? `${sweep} is being stopped.` : `${sweep} is ${status}.`,
    );
  });
}

function listing(sweeps: readonly Sweep[]): string {
  if (sweeps.length === 0)
    return 'No sweeps yet. Start one with "edgewise train MODEL --dataset NAME --recipe FILE --sweep FILE".';
  return table(
    ['sweep', 'model', 'method', 'trials', 'status', 'began', 'best', 'run', 'why'],
    sweeps.map(({ id, model, spec, rungs, tally, status, createdAtMs, best, run, error }) => [
      id,
      model,
      spec.method,
      countOf(rungs[0]?.trials ?? 0, status === 'running' ? tally : undefined),
      status,
      ago(createdAtMs, Date.now()),
      best ?? '-',
      run ?? '-',
      error === null ? '' : `[${error.code}] ${error.detail}`,
    ]),
  );
}

const countOf = (trials: number, tally: Sweep['tally']): string | number =>
  tally === undefined ? trials : `${tally.ended} of ${trials}`;

function details(sweep: Sweep): string {
  const { id, model, spec, status, rungs, run, error } = sweep;
  const rounds = rungs.map(({ trials, epochs }) => `${trials} up to ${epochs} epochs`).join(', ');
  return [
    `${id}: ${spec.method} over ${model}, ${status}; ${rounds}`,
    sweepTable(sweep),
    ...(error === null ? [] : [`It ended with [${error.code}] ${error.detail}`]),
    ...(run === null ? [] : [`The best went through the pipeline as ${run}.`]),
  ].join('\n');
}
