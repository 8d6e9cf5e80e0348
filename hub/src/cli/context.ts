import { FleetError } from '@edgewise/protocol';
import { type Command, Option } from 'commander';
import { type Client, createClient } from '../client/client.ts';
import type { Io } from './io.ts';

/** Options that every command which talks to a hub has. */
export interface HubOptions {
  readonly hub: string;
  readonly token?: string;
  readonly json?: boolean;
}

export const defaultHubUrl = 'http://127.0.0.1:8320';

/** Adds `--hub`, `--token` and `--json`. */
export function withHub(command: Command): Command {
  return command
    .addOption(
      new Option('--hub <url>', 'address of the hub').env('EDGEWISE_HUB').default(defaultHubUrl),
    )
    .addOption(
      new Option('--token <token>', 'API token; better kept in the environment').env(
        'EDGEWISE_TOKEN',
      ),
    )
    .addOption(new Option('--json', 'print one JSON document instead of text'));
}

/** The hub that the options name. Throws `unauthenticated` with what to do when there is no token. */
export function clientOf(options: HubOptions): Client {
  if (!options.token) {
    throw new FleetError(
      'unauthenticated',
      'No API token. Set EDGEWISE_TOKEN to the one that "edgewise hub" printed at its first start, or give --token.',
    );
  }
  if (!/^https?:$/.test(URL.parse(options.hub)?.protocol ?? '')) {
    throw new FleetError(
      'invalid-argument',
      `"${options.hub}" is no address of a hub; give --hub one like ${defaultHubUrl}.`,
    );
  }
  return createClient(options.hub, options.token);
}

/** What a command that has commands of its own does without one. Throws `invalid-argument` for a command it lacks. */
export function whenAlone(command: Command, act: (options: HubOptions) => Promise<void>): void {
  // Commander would only count the words after a command that also acts alone.
  command.allowExcessArguments().action(async (options: HubOptions) => {
    const [stray] = command.args;
    if (stray !== undefined) {
      const known = command.commands.map((each) => each.name()).join(', ');
      throw new FleetError(
        'invalid-argument',
        `"${command.name()} ${stray}" is no command; there are ${known}.`,
      );
    }
    await act(options);
  });
}

/** A command may repeat the options of the one above it: on either side of its name they count for it. */
export function handDownOptions(program: Command): void {
  program.hook('preAction', (_, command) => {
    for (let above = command.parent; above !== null; above = above.parent) {
      for (const option of command.options) {
        const name = option.attributeName();
        if (above.getOptionValueSource(name) !== 'cli') continue;
        if (command.getOptionValueSource(name) === 'cli') continue;
        command.setOptionValueWithSource(name, above.getOptionValue(name), 'cli');
      }
    }
  });
}

/** Prints an answer as JSON or as text. */
export function answer<T>(
  io: Io,
  options: { readonly json?: boolean },
  value: T,
  text: (value: T) => string,
): void {
  io.print(options.json ? JSON.stringify(value) : text(value));
}
