import type { ReactNode } from 'react';

/** One headline figure. */
export interface HeadlineFigure {
  readonly label: string;
  readonly value: string;
  readonly unit?: string | undefined;
  /** What stands beside it: a share, a trend. */
  readonly note?: ReactNode;
  /** Where the figure comes from, on hover. */
  readonly source: string;
  /** Where it leads: an address inside the console. */
  readonly href?: string | undefined;
  readonly level?: 'well' | 'watch' | 'act' | 'unknown' | undefined;
}

const colours = {
  well: '',
  watch: 'text-watch',
  act: 'text-act',
  unknown: 'text-unknown',
} as const;

/** The three to five figures on top of a screen. */
export function Figures({ figures }: { readonly figures: readonly HeadlineFigure[] }) {
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-md border bg-surface sm:grid-cols-3 lg:flex">
      {figures.map((figure) => (
        <Figure key={figure.label} {...figure} />
      ))}
    </dl>
  );
}

function Figure({ label, value, unit, note, source, href, level = 'well' }: HeadlineFigure) {
  const body = (
    <>
      <span
        key={value}
        className={`fade-in text-[20px] leading-7 font-semibold tracking-tight ${colours[level]}`}
      >
        {value}
      </span>
      {unit && <span className="text-faint">{unit}</span>}
      {note && <span className="text-[12px] text-faint">{note}</span>}
    </>
  );
  return (
    <div
      className="relative -mr-px -mb-px min-w-0 flex-1 border-r border-b px-4 py-2 has-[a:hover]:bg-hover"
      title={source}
    >
      <dt className="truncate text-[12px] text-faint">{label}</dt>
      <dd className="flex flex-wrap items-baseline gap-x-1.5 tabular-nums">
        {href ? (
          <a
            href={href}
            className="flex flex-wrap items-baseline gap-x-1.5 after:absolute after:inset-0"
          >
            {body}
          </a>
        ) : (
          body
        )}
      </dd>
    </div>
  );
}
