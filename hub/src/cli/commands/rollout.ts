import type { Rollout } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { follow } from '../follow.ts';
import { exitCodes, type Io, table, wholeNumber } from '../io.ts';

interface RolloutOptions extends HubOptions {
  readonly devices?: string;
  readonly wait: boolean;
}

/** `edgewise rollouts`: list and abort. */
export function addRollouts(program: Command, io: Io): void {
  const rollouts = withHub(
    program
      .command('rollouts')
      .description('list rollouts and rollbacks, or abort one')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise rollouts                             the newest first\n  edgewise rollouts abort rollout-364ca839da    devices keep what they serve now',
      ),
  );
  whenAlone(rollouts, async (options) => {
    const all = await clientOf(options).call('listRollouts', { query: { limit: 20 } });
    answer(io, options, all, (list) =>
      list.length === 0 ? 'No rollouts yet.' : list.map(rolloutText).join('\n\n'),
    );
  });

  withHub(
    rollouts
      .command('abort <rollout>')
      .description('stop a rollout where it stands')
      .addHelpText('after', '\nExample:\n  edgewise rollouts abort rollout-364ca839da'),
  ).action(async (rollout: string, options: HubOptions) => {
    const done = await clientOf(options).call('abortRollout', { params: { rollout } });
    answer(io, options, done, rolloutText);
  });
}

/** `edgewise rollout` and `edgewise rollback`. */
export function addRollout(program: Command, io: Io): void {
  withHub(
    program
      .command('rollout <model> <version>')
      .description('bring a version to devices: one first, then the rest')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise rollout digits 2\n  edgewise rollout digits 2 --devices cam-1,cam-2 --no-wait',
      )
      .option('--devices <ids>', 'only these, joined by commas')
      .option('--no-wait', 'do not wait for the end')
      .addHelpText(
        'after',
        '\nIt stops by itself when a device refuses the version or falls back. Undo it with "edgewise rollback MODEL".',
      ),
  ).action(async (model: string, version: string, options: RolloutOptions) => {
    const client = clientOf(options);
    const started = await client.call('startRollout', {
      body: { model, version: wholeNumber('VERSION', version), ...devicesOf(options) },
    });
    await finish(client, io, options, started);
  });

  withHub(
    program
      .command('rollback <model>')
      .description('bring devices back to what they served before')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise rollback digits                     every device that serves another version than before\n  edgewise rollback digits --devices cam-1',
      )
      .option('--devices <ids>', 'only these, joined by commas')
      .option('--no-wait', 'do not wait for the end'),
  ).action(async (model: string, options: RolloutOptions) => {
    const client = clientOf(options);
    await finish(
      client,
      io,
      options,
      await client.call('rollBack', { body: { model, ...devicesOf(options) } }),
    );
  });
}

function devicesOf({ devices }: RolloutOptions): { readonly devices?: string[] } {
  return devices === undefined ? {} : { devices: devices.split(',') };
}

async function finish(
  client: Client,
  io: Io,
  options: RolloutOptions,
  started: Rollout,
): Promise<void> {
  const rollout = options.wait ? await followRollout(client, io, started) : started;
  answer(io, options, rollout, rolloutText);
  if (rollout.status === 'stopped' || rollout.status === 'aborted')
    io.setExitCode(exitCodes.refused);
}

/** Shows a rollout until it ends. */
export function followRollout(client: Client, io: Io, { id }: Rollout): Promise<Rollout> {
  return follow<Rollout>(client, io, {
    look: () => client.call('getRollout', { params: { rollout: id } }),
    isOver,
    applied: (before, event) =>
      event.kind === 'rollout' && event.rollout.id === id ? event.rollout : before,
    show: (rollout) => io.progress(progressOf(rollout)),
    left: `You left; rollout ${id} goes on at the hub. "edgewise rollouts abort ${id}" stops it.`,
  });
}

const isOver = ({ status }: Rollout): boolean => status !== 'running';

function progressOf({ devices }: Rollout): string {
  const count = (status: string) => devices.filter((device) => device.status === status).length;
  return `${count('serving')} of ${devices.length} serve it, ${count('ordered')} on the way, ${count('waiting')} wait for their wave`;
}

function rolloutText(rollout: Rollout): string {
  return [
    `${rollout.kind} ${rollout.id} of ${rollout.model} ${rollout.version}: ${rollout.status}${rollout.reason === null ? '' : `. ${rollout.reason}`}`,
    table(
      ['device', 'wave', 'status', 'why'],
      rollout.devices.map(({ device, wave, status, code, detail }) => [
        device,
        wave,
        status,
        code === undefined ? (detail ?? '') : `[${code}] ${detail ?? ''}`,
      ]),
    ),
  ].join('\n');
}
