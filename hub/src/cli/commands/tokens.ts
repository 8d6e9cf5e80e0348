import { type Scope, scopes } from '@edgewise/protocol/http';
import { type Command, Option } from 'commander';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { ago, type Io, table } from '../io.ts';

/** `edgewise tokens`: API tokens of people and programs. */
export function addTokens(program: Command, io: Io): void {
  const tokens = withHub(
    program
      .command('tokens')
      .description('list, make and withdraw API tokens')
      .addHelpText(
        'after',
        '\nScopes, each including those before it: read (also over MQTT, as user api:NAME), label, operate, admin.\n\nExamples:\n  edgewise tokens                    who has one, and when it was last used\n  edgewise tokens create dashboard   a read token; its secret is shown once',
      ),
  );
  whenAlone(tokens, async (options) => {
    answer(io, options, await clientOf(options).call('listTokens'), (all) =>
      table(
        ['name', 'scope', 'made', 'last used'],
        all.map(({ name, scope, createdAtMs, lastUsedAtMs }) => [
          name,
          scope,
          ago(createdAtMs, Date.now()),
          lastUsedAtMs === null ? 'never' : ago(lastUsedAtMs, Date.now()),
        ]),
      ),
    );
  });

  withHub(
    tokens
      .command('create <name>')
      .description('make a token; its secret is shown once')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise tokens create dashboard\n  edgewise tokens create ci --scope operate',
      )
      .addOption(
        new Option('--scope <scope>', 'what it may do').choices([...scopes]).default('read'),
      ),
  ).action(async (name: string, options: HubOptions & { readonly scope: Scope }) => {
    answer(
      io,
      options,
      await clientOf(options).call('createToken', { body: { name, scope: options.scope } }),
      ({ token }) => token,
    );
  });

  withHub(
    tokens
      .command('delete <name>')
      .description('withdraw a token at once')
      .addHelpText('after', '\nExample:\n  edgewise tokens delete dashboard'),
  ).action(async (name: string, options: HubOptions) => {
    answer(
      io,
      options,
      await clientOf(options).call('deleteToken', { params: { name } }),
      () => `The token "${name}" is withdrawn.`,
    );
  });
}
