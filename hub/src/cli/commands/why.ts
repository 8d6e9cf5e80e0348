import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { exitCodes, type Io, table } from '../io.ts';

/** `edgewise why DEVICE`: the chain from a running model to its data, each digest checked. */
export function addWhy(program: Command, io: Io): void {
  withHub(
    program
      .command('why <device>')
      .description('print the chain of digests behind what a device runs, each checked anew')
      .addHelpText(
        'after',
        '\nExample:\n  edgewise why cam-1          ends with 1 when a link does not hold',
      ),
  ).action(async (device: string, options: HubOptions) => {
    const lineage = await clientOf(options).call('why', { params: { device } });
    answer(io, options, lineage, ({ links, ok }) =>
      [
        table(
          ['', 'link', 'id', 'what'],
          links.map(({ kind, id, label, verified }) => [
            verified === null ? ' ' : verified ? '✔' : '✘',
            kind,
            id,
            label,
          ]),
        ),
        ok
          ? 'Every link that can be checked holds.'
          : 'A link does not hold: what is marked ✘ is not what was recorded.',
      ].join('\n'),
    );
    if (!lineage.ok) io.setExitCode(exitCodes.failed);
  });
}
