import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { text } from '../text/text.ts';

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A window above the page: focus stays inside, Escape closes it. */
export function Dialog({ title, open, onClose, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fade-in fixed inset-0 z-40 bg-(--overlay)" />
        <Radix.Content
          aria-describedby={undefined}
          className="fade-in fixed top-[14vh] left-1/2 z-50 flex max-h-[76vh] w-[min(520px,calc(100vw-24px))] -translate-x-1/2 flex-col rounded-lg border bg-surface shadow-(--shadow)"
        >
          <header className="flex items-center justify-between border-b py-2 pr-2 pl-4">
            <Radix.Title className="font-semibold">{title}</Radix.Title>
            <Radix.Close
              className="grid size-7 place-items-center rounded text-faint hover:bg-hover hover:text-ink"
              aria-label={text.close}
            >
              <X size={16} aria-hidden />
            </Radix.Close>
          </header>
          <div className="overflow-auto">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
