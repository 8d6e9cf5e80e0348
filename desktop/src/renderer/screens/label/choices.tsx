import { SkipForward, Undo2 } from 'lucide-react';
import { Button } from '../../components/button.tsx';
import { text } from '../../text/text.ts';
import { keyOf, type LabelKey } from './model.ts';

const words = text.label;

interface ChoicesProps {
  readonly classes: readonly string[];
  /** Digits typed so far, above ten classes. */
  readonly typed: string;
  readonly disabled: boolean;
  readonly canUndo: boolean;
  readonly onKey: (key: LabelKey) => void;
}

/** The classes as buttons, with their keys. */
export function Choices({ classes, typed, disabled, canUndo, onKey }: ChoicesProps) {
  const reason = disabled ? text.notAllowed('label') : undefined;
  return (
    <section className="flex flex-col gap-3" aria-label={words.classes}>
      <h2>{words.question}</h2>
      <ul className="grid max-h-[300px] grid-cols-[repeat(auto-fill,minmax(84px,1fr))] gap-2 overflow-auto p-0.5 max-sm:grid-cols-5">
        {classes.map((name, label) => (
          <li key={name}>
            <button
              type="button"
              disabled={disabled}
              title={reason}
              onClick={() => onKey({ kind: 'choose', label })}
              className="relative h-12 w-full truncate rounded-md border bg-surface px-2 text-[15px] font-medium hover:border-accent hover:bg-hover disabled:opacity-50"
            >
              {name}
              <Key name={keyOf(classes, label)} same={name} />
            </button>
          </li>
        ))}
      </ul>
      {classes.length > 10 && (
        <p className="text-soft">{typed === '' ? words.typeHint : words.typed(typed)}</p>
      )}
      <div className="flex gap-2">
        <Button disabled={disabled} title={reason} onClick={() => onKey({ kind: 'skip' })}>
          <SkipForward size={14} aria-hidden />
          {words.skip} <Kbd>s</Kbd>
        </Button>
        <Button disabled={!canUndo} onClick={() => onKey({ kind: 'undo' })}>
          <Undo2 size={14} aria-hidden />
          {words.undo} <Kbd>z</Kbd>
        </Button>
      </div>
    </section>
  );
}

function Key({ name, same }: { readonly name: string | undefined; readonly same: string }) {
  if (name === undefined || name === same) return null;
  return (
    <span className="absolute top-1 right-1.5" aria-hidden>
      <Kbd>{name}</Kbd>
    </span>
  );
}

function Kbd({ children }: { readonly children: string }) {
  return (
    <kbd className="rounded border bg-raised px-1 font-sans text-[11px] leading-4 font-normal text-faint max-sm:hidden">
      {children}
    </kbd>
  );
}
