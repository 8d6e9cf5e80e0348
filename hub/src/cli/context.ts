import { FleetError } from '@edgewise/protocol';
import { type Command, Option } from 'commander';
import { type Client, createClient } from '../client/client.ts';
import type { Io } from './io.ts';
import { trustHub } from './trust-hub.ts';

/** Options that every command which talks to a hub has. */
export interface HubOptions {
  readonly hub: string;
  readonly token?: string;
  readonly fingerprint?: string;
  readonly json?: boolean;
}

/** Where a hub on this machine answers when nobody says otherwise. */
export const defaultHubUrl = 'http://127.0.0.1:8320';

/** Adds `--hub`, `--token`, `--fingerprint` and `--json`. */
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
    .addOption(
      new Option('--fingerprint <sha256>', 'key of an https:// hub, as it printed it').env(
        'EDGEWISE_FINGERPRINT',
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
  addressOf(options.hub);
  return createClient(options.hub, options.token);
}

function addressOf(hub: string): URL {
  const url = URL.parse(hub);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new FleetError(
    'invalid-argument',
    `"${hub}" is no address of a hub; give --hub one like ${defaultHubUrl}.`,
  );
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

/** What happens before any command acts: options of the one above count, and the hub's key is checked. */
export function prepareCommands(program: Command): void {
  program.hook('preAction', async (_, command) => {
    handDownOptions(command);
    const { hub, fingerprint } = command.opts<Partial<HubOptions>>();
    if (hub === undefined || !fingerprint) return;
    const url = addressOf(hub);
    if (url.protocol === 'https:') await trustHub(url, fingerprint);
  });
}

/** A command may repeat the options of the one above it: on either side of its name they count for it. */
function handDownOptions(command: Command): void {
  for (let above = command.parent; above !== null; above = above.parent) {
    for (const option of command.options) {
      const name = option.attributeName();
      if (above.getOptionValueSource(name) !== 'cli') continue;
      if (command.getOptionValueSource(name) === 'cli') continue;
      command.setOptionValueWithSource(name, above.getOptionValue(name), 'cli');
    }
  }
}

/** Prints an answer as JSON, with "Infinity" and "NaN" as text, or as text. */
export function answer<T>(
  io: Io,
  options: { readonly json?: boolean },
  value: T,
  text: (value: T) => string,
): void {
  io.print(options.json ? JSON.stringify(value, infinityByName) : text(value));
}

/** JSON has no infinity and no NaN; as null they would not differ from each other. */
function infinityByName(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
