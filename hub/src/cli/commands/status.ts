import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { ago, type Io } from '../io.ts';

/** `edgewise status`: headline figures. */
export function addStatus(program: Command, io: Io): void {
  withHub(
    program
      .command('status')
      .description('say how the hub and its fleet are')
      .addHelpText('after', '\nExample:\n  edgewise status --json | jq .devices'),
  ).action(async (options: HubOptions) => {
    const status = await clientOf(options).call('status');
    answer(io, options, status, ({ devices, broker, ...hub }) =>
      [
        `hub ${hub.hub} (edgewise ${hub.version}), fleet ${hub.fleet}, started ${ago(hub.startedAtMs, hub.nowMs)}`,
        `broker    ${broker.kind} at ${broker.url}${broker.connected ? '' : ' (not connected)'}`,
        `devices   ${devices.online} of ${devices.total} online, ${devices.converged} on target${devices.cloned > 0 ? `, ${devices.cloned} cloned` : ''}`,
        `models    ${hub.models}; runs under way ${hub.activeRuns}, rollouts ${hub.activeRollouts}`,
        `drift     ${hub.openAlarms} open alarms, ${hub.labelsWaiting} samples wait for a label`,
        `windows   ${hub.windows} received, ${hub.unexplainedLosses} messages lost without a record`,
      ].join('\n'),
    );
  });
}
