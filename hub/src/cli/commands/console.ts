import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import type { Io } from '../io.ts';

/** `edgewise console`: a fresh one-time link that signs a browser in. */
export function addConsole(program: Command, io: Io): void {
  withHub(
    program
      .command('console')
      .description('print a one-time link that signs a browser in')
      .addHelpText(
        'after',
        '\nExample:\n  edgewise console        open the link within an hour; it works once',
      ),
  ).action(async (options: HubOptions) => {
    const client = clientOf(options);
    const { code, expiresAtMs } = await client.call('createSignIn');
    const link = `${client.url}/#/signin?code=${code}`;
    answer(io, options, { link, expiresAtMs }, () => link);
  });
}
