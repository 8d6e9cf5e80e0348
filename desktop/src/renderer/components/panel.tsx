import type { ReactNode } from 'react';

interface PanelProps {
  readonly title: string;
  /** Beside the title: counts, actions. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A part of a screen with a title and a hairline around it. */
export function Panel({ title, aside, children, className = '' }: PanelProps) {
  return (
    <section className={`min-w-0 rounded-md border bg-surface ${className}`} aria-label={title}>
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b px-3 py-1.5">
        <h2>{title}</h2>
        {aside && (
          <div className="flex flex-wrap items-center gap-2 text-[12px] text-faint">{aside}</div>
        )}
      </header>
      {children}
    </section>
  );
}
