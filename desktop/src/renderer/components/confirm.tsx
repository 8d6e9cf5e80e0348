import { type FormEvent, type ReactNode, useState } from 'react';
import { text } from '../text/text.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface ConfirmProps {
  readonly title: string;
  /** What it does and whom it reaches. */
  readonly effect: ReactNode;
  /** Name of the action, on its button. */
  readonly action: string;
  /** A word to type before the action is possible. */
  readonly typed?: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** Asks before something that reaches devices. */
export function Confirm(props: ConfirmProps) {
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <Question {...props} />
    </Dialog>
  );
}

function Question({ effect, action, typed, onClose, onConfirm }: ConfirmProps) {
  const [value, setValue] = useState('');
  const ready = typed === undefined || value.trim() === typed;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    onConfirm();
    onClose();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 p-4">
      <div className="text-soft">{effect}</div>
      {typed !== undefined && (
        <label className="flex flex-col gap-1">
          <span>{text.typeToConfirm(typed)}</span>
          <input
            className="h-8 rounded-md border border-line-strong bg-page px-2 font-mono"
            value={value}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setValue(event.target.value)}
          />
        </label>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{text.cancel}</Button>
        <Button type="submit" look="main" disabled={!ready}>
          {action}
        </Button>
      </div>
    </form>
  );
}
