import { type ReactNode, useState } from 'react';
import { useMayDo } from '../session/session-context.tsx';
import { text } from '../text/text.ts';
import { Failure } from './answer.tsx';
import { Button } from './button.tsx';
import { Confirm } from './confirm.tsx';
import { Dialog } from './dialog.tsx';

interface OrderProps {
  readonly icon?: ReactNode;
  readonly name: string;
  readonly main?: boolean;
  readonly title: string;
  readonly effect: string;
  readonly typed?: string;
  readonly order: {
    readonly mutate: () => void;
    readonly reset: () => void;
    readonly isPending: boolean;
    readonly error: Error | null;
  };
}

/** A button for an order to the hub: it asks first, names effect and reach, and shows what went wrong. */
export function Order({ icon, name, main = false, title, effect, typed, order }: OrderProps) {
  const allowed = useMayDo('operate');
  const [asking, ask] = useState(false);
  return (
    <>
      <Button
        look={main ? 'main' : 'plain'}
        disabled={!allowed || order.isPending}
        title={allowed ? undefined : text.notAllowed('operate')}
        onClick={() => ask(true)}
      >
        {icon}
        {name}
      </Button>
      <Confirm
        title={title}
        effect={effect}
        action={name}
        {...(typed !== undefined && { typed })}
        open={asking}
        onClose={() => ask(false)}
        onConfirm={() => order.mutate()}
      />
      <Dialog title={name} open={order.error !== null} onClose={() => order.reset()}>
        <Failure error={order.error} />
      </Dialog>
    </>
  );
}
