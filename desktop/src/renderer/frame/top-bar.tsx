import { Keyboard, Monitor, Moon, Search, Sun } from 'lucide-react';
import { text } from '../text/text.ts';
import { type Theme, themes } from '../theme/theme.ts';
import { useTheme } from '../theme/theme-context.tsx';
import { Account } from './account.tsx';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { LiveMark } from './live-mark.tsx';

interface TopBarProps {
  readonly fleet: string | undefined;
  readonly onSearch: () => void;
  readonly onKeys: () => void;
}

/** Where one is, whether it is live, and what is always at hand. */
export function TopBar({ fleet, onSearch, onKeys }: TopBarProps) {
  return (
    <header className="flex h-(--bar) shrink-0 items-center gap-2 border-b bg-surface px-3 sm:px-5">
      <Breadcrumbs fleet={fleet} />
      <div className="ml-auto flex items-center gap-1">
        <LiveMark />
        <button
          type="button"
          onClick={onSearch}
          aria-label={text.frame.search}
          className="ml-1 flex h-7 items-center gap-1.5 rounded-md border bg-page px-2 text-faint hover:text-ink"
        >
          <Search size={14} aria-hidden />
          <span className="max-md:hidden">{text.frame.search}</span>
          <kbd className="ml-2 rounded border bg-surface px-1 font-sans text-[11px] leading-4 max-md:hidden">
            ⌘K
          </kbd>
        </button>
        <ThemeButton />
        <button
          type="button"
          onClick={onKeys}
          className="grid size-7 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink max-sm:hidden"
          aria-label={text.frame.keys}
          title={`${text.frame.keys} (?)`}
        >
          <Keyboard size={16} aria-hidden />
        </button>
        <Account />
      </div>
    </header>
  );
}

const icons = { system: Monitor, light: Sun, dark: Moon } as const satisfies Record<Theme, unknown>;

function ThemeButton() {
  const { chosen, choose } = useTheme();
  const Icon = icons[chosen];
  const next = themes[(themes.indexOf(chosen) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      onClick={() => choose(next)}
      className="grid size-7 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink"
      aria-label={text.frame.theme[chosen]}
      title={`${text.frame.theme[chosen]} (t)`}
    >
      <Icon size={16} aria-hidden />
    </button>
  );
}
