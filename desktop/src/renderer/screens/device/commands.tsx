import type { CommandBody } from '@edgewise/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { Failure, Skeleton } from '../../components/answer.tsx';
import { Button } from '../../components/button.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useMayDo } from '../../session/session-context.tsx';
import { text } from '../../text/text.ts';

const words = text.device.commands;

interface DeviceCommandsProps {
  readonly device: string;
  readonly online: boolean;
}

const commands = {
  ping: { kind: 'ping' },
  identify: { kind: 'identify' },
  logs: { kind: 'logs', lines: 100 },
  restart: { kind: 'restart' },
} as const satisfies Record<string, CommandBody>;
type CommandName = keyof typeof commands;

/** What the device can be told to do at once. */
export function DeviceCommands({ device, online }: DeviceCommandsProps) {
  const { client } = useApi();
  const allowed = useMayDo('operate');
  const [sure, askIfSure] = useState(false);
  const command = useMutation({
    mutationFn: (name: CommandName) =>
      client.call('commandDevice', { params: { device }, body: commands[name] }),
  });
  const reason = allowed ? (online ? undefined : words.offline) : text.notAllowed('operate');
  return (
    <div className="flex flex-wrap gap-2">
      {(['ping', 'identify', 'logs'] as const).map((name) => (
        <Button
          key={name}
          disabled={reason !== undefined}
          title={reason ?? words.titles[name]}
          onClick={() => command.mutate(name)}
        >
          {words.names[name]}
        </Button>
      ))}
      <Button
        look="danger"
        disabled={reason !== undefined}
        title={reason ?? words.titles.restart}
        onClick={() => askIfSure(true)}
      >
        {words.names.restart}
      </Button>
      <Confirm
        title={words.restartTitle(device)}
        effect={words.restartEffect}
        action={words.names.restart}
        open={sure}
        onClose={() => askIfSure(false)}
        onConfirm={() => command.mutate('restart')}
      />
      <Dialog
        title={command.variables ? words.reply(words.names[command.variables], device) : ''}
        open={command.status !== 'idle'}
        onClose={() => command.reset()}
      >
        {command.isPending && <Skeleton height={64} />}
        {command.isError && <Failure error={command.error} />}
        {command.data && (
          <div className="flex flex-col gap-2 p-4">
            <p>
              {command.data.ok ? (
                words.done
              ) : (
                <code className="font-mono text-[12px] text-act">{command.data.code}</code>
              )}{' '}
              <span className="text-soft">{command.data.detail}</span>
            </p>
            {command.data.lines && (
              <pre className="overflow-auto rounded-md border bg-page p-2 font-mono text-[12px] leading-5">
                {command.data.lines.join('\n')}
              </pre>
            )}
          </div>
        )}
      </Dialog>
    </div>
  );
}
