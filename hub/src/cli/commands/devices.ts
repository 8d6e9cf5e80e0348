import type { Device } from '@edgewise/protocol/http';
import { Argument, type Command } from 'commander';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { ago, type Io, table } from '../io.ts';

/** `edgewise devices`: list, enrol, revoke, command. */
export function addDevices(program: Command, io: Io): void {
  const devices = withHub(
    program
      .command('devices')
      .description('list devices, make enrolment tokens, revoke, send commands')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise devices                      every device and how it is\n  edgewise devices enrol                a one-time token for "edgewise-agent enrol TOKEN"\n  edgewise devices command cam-1 ping   ask a device for a sign of life\n  edgewise devices revoke cam-1         withdraw its key at once',
      ),
  );
  whenAlone(devices, async (options) => {
    answer(io, options, await clientOf(options).call('listDevices'), listing);
  });

  withHub(
    devices
      .command('enrol')
      .description('make a one-time enrolment token')
      .addHelpText(
        'after',
        '\nExample:\n  edgewise-agent enrol $(edgewise devices enrol) --name cam-1',
      ),
  ).action(async (options: HubOptions) => {
    answer(io, options, await clientOf(options).call('createEnrolment'), ({ token }) => token);
  });

  withHub(
    devices
      .command('revoke <device>')
      .description('withdraw the key of a device; it is cut off at once')
      .addHelpText('after', '\nExample:\n  edgewise devices revoke cam-1'),
  ).action(async (device: string, options: HubOptions) => {
    const done = await clientOf(options).call('revokeDevice', { params: { device } });
    answer(
      io,
      options,
      done,
      () => `${device} is revoked. To let it back in, enrol it with a new token.`,
    );
  });

  withHub(
    devices
      .command('command <device>')
      .description('send a command to a device and wait for its answer')
      .addArgument(
        new Argument('<kind>', 'what it is asked to do').choices([
          'ping',
          'identify',
          'restart',
          'logs',
        ]),
      )
      .addHelpText(
        'after',
        '\nExample:\n  edgewise devices command cam-1 logs    its last 50 log lines',
      ),
  ).action(async (device: string, kind: string, options: HubOptions) => {
    const body = kind === 'logs' ? { kind, lines: 50 } : { kind };
    const reply = await clientOf(options).call('commandDevice', {
      params: { device },
      body: body as never,
    });
    answer(io, options, reply, ({ ok, code, detail, lines }) =>
      ok
        ? [`${device}: done`, ...(lines ?? [])].join('\n')
        : `${device}: [${code}] ${detail ?? ''}`,
    );
  });
}

function listing(devices: readonly Device[]): string {
  if (devices.length === 0) {
    return 'No devices yet. Make a token with "edgewise devices enrol" and run "edgewise-agent enrol TOKEN" on the device.';
  }
  const now = Date.now();
  return table(
    [
      'device',
      'class',
      'presence',
      'serves',
      'per second',
      'p50 us',
      'p95 us',
      'drift',
      'last window',
    ],
    devices.map((device) => [
      device.id,
      device.deviceClass,
      device.revoked ? 'revoked' : device.cloned ? 'cloned' : device.presence.status,
      serves(device),
      device.throughputPerSecond === null ? '-' : device.throughputPerSecond.toFixed(1),
      device.latencyUs === null ? '-' : Math.round(device.latencyUs.p50),
      device.latencyUs === null ? '-' : Math.round(device.latencyUs.p95),
      device.drift.state,
      device.lastWindowAtMs === null ? '-' : ago(device.lastWindowAtMs, now),
    ]),
  );
}

function serves({ state, converged }: Device): string {
  const active = state?.slots.active?.bundle;
  if (!active) return 'nothing';
  return `${active.model} ${active.version}${converged ? '' : ' (moving)'}`;
}
