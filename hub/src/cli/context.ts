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
  if (options.token === undefined) {
    throw new FleetError(
      'unauthenticated',
      'No API token. Set EDGEWISE_TOKEN to the one that "edgewise hub" printed at its first start, or give --token.',
    );
  }
  return createClient(options.hub, options.token);
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
