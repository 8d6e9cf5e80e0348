import { Dialog } from '../components/dialog.tsx';
import { text } from '../text/text.ts';

interface KeysDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** All keys of the console. */
export function KeysDialog({ open, onClose }: KeysDialogProps) {
  return (
    <Dialog title={text.frame.keysTitle} open={open} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 p-4">
        {text.keys.map(([keys, what]) => (
          <div key={what} className="contents">
            <dt>
              <kbd className="rounded border bg-raised px-1.5 py-0.5 font-mono text-[12px]">
                {keys}
              </kbd>
            </dt>
            <dd className="text-soft">{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
