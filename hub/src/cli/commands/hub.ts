import path from 'node:path';
import { type Command, Option } from 'commander';
import { pino } from 'pino';
import { createHub } from '../../hub.ts';
import { type Io, portNumber } from '../io.ts';

interface HubFlags {
  readonly folder: string;
  readonly host: string;
  readonly port: string;
  readonly brokerPort: string;
  readonly broker?: string;
  readonly fleet: string;
  readonly console?: string;
  readonly logLevel: string;
  readonly json?: boolean;
}

/** `edgewise hub`: runs the hub until Ctrl-C. */
export function addHub(program: Command, io: Io, version: string): void {
  program
    .command('hub')
    .description('run a hub until Ctrl-C')
    .addOption(
      new Option('--folder <dir>', 'where everything is kept')
        .env('EDGEWISE_FOLDER')
        .default('edgewise-hub'),
    )
    .option(
      '--host <address>',
      'address to listen on, and that devices are told (for 0.0.0.0 the host name); off loopback with TLS only',
      '127.0.0.1',
    )
    .option('--port <port>', 'port of the HTTP API and console; 0 takes a free one', '8320')
    .option('--broker-port <port>', 'port of the embedded MQTT broker; 0 takes a free one', '8321')
    .option(
      '--broker <url>',
      'use this MQTT broker instead of the embedded one, for example mqtt://127.0.0.1:1883',
    )
    .option('--fleet <id>', 'id of the fleet, at the first start', 'home')
    .addOption(
      new Option('--console <dir>', 'folder with the built console pages').env('EDGEWISE_CONSOLE'),
    )
    .addOption(
      new Option('--log-level <level>', 'what the log holds')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .option(
      '--json',
      'print one JSON document when ready: url, broker, signIn; over TLS fingerprint; at the first start token',
    )
    .addHelpText(
      'after',
      `
The first start prints an admin token, once. Logs go to standard error as JSON lines.

Examples:
  edgewise hub --folder my-hub                    for this machine only
  edgewise hub --folder my-hub --host 0.0.0.0     for other machines too, with TLS
  edgewise hub --folder my-hub --port 0 --broker-port 0 --json   for scripts`,
    )
    .action(async (flags: HubFlags) => {
      await using hub = await createHub({
        folder: path.resolve(io.cwd, flags.folder),
        host: flags.host,
        port: portNumber('--port', flags.port),
        brokerPort: portNumber('--broker-port', flags.brokerPort),
        fleet: flags.fleet,
        version,
        logger: pino({ level: flags.logLevel }, pino.destination({ dest: 2, sync: false })),
        ...(flags.broker !== undefined && { brokerUrl: flags.broker }),
        ...(flags.console !== undefined && { consoleFolder: path.resolve(io.cwd, flags.console) }),
      });
      const { url, brokerUrl: broker, firstToken: token } = hub;
      const fingerprint = url.startsWith('https:') ? hub.fingerprint : undefined;
      const signIn = hub.signInLink();
      io.print(
        flags.json
          ? JSON.stringify({ url, broker, signIn, fingerprint, token })
          : greeting({ url, broker, signIn: flags.console && signIn, fingerprint, token }),
      );
      if (!io.signal.aborted)
        await new Promise((resolve) =>
          io.signal.addEventListener('abort', resolve, { once: true }),
        );
    });
}

interface Greeting {
  readonly url: string;
  readonly broker: string;
  /** Without pages there is nothing to sign in to. */
  readonly signIn: string | undefined;
  readonly fingerprint: string | undefined;
  readonly token: string | undefined;
}

function greeting({ url, broker, signIn, fingerprint, token }: Greeting): string {
  return [
    `The hub is ready.`,
    signIn === undefined
      ? '  console   no pages: build them with "npm run console", or name a folder with --console'
      : `  console   ${signIn}   (works once)`,
    `  API       ${url}/docs`,
    `  broker    ${broker}`,
    ...(fingerprint === undefined
      ? []
      : [
          `  key       ${fingerprint}`,
          `            Elsewhere: export EDGEWISE_HUB=${url} EDGEWISE_FINGERPRINT=${fingerprint}`,
        ]),
    ...(token === undefined
      ? []
      : [
          `  token     ${token}`,
          '            Keep it: it is shown only now. export EDGEWISE_TOKEN=... lets the commands use it.',
        ]),
    'Ctrl-C ends it.',
  ].join('\n');
}
