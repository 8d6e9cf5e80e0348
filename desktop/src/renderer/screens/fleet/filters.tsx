import type { Device } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useMemo } from 'react';
import { type Level, levels } from '../../components/levels.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { text } from '../../text/text.ts';
import { countLevels, fleetRow } from './model.ts';

const route = getRouteApi('/frame/fleet');
const words = text.fleet;

/** Which devices are in sight, by state and by words; the address remembers it. */
export function Filters({ devices }: { readonly devices: readonly Device[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const counts = useMemo(() => countLevels(devices.map(fleetRow)), [devices]);
  const choose = (state: Level | undefined) =>
    void navigate({ search: (old) => ({ ...old, state }), replace: true });
  return (
    <>
      <fieldset className="flex" aria-label={words.stateFilter}>
        <FilterChip pressed={search.state === undefined} onClick={() => choose(undefined)}>
          {text.all} {devices.length}
        </FilterChip>
        {levels.map((level) => (
          <FilterChip key={level} pressed={search.state === level} onClick={() => choose(level)}>
            <StateBadge level={level} brief /> {counts[level]}
          </FilterChip>
        ))}
      </fieldset>
      <label className="flex h-7 items-center gap-1.5 rounded-md border bg-page px-2 focus-within:outline-2 focus-within:outline-accent">
        <Search size={14} aria-hidden />
        <input
          className="w-32 bg-transparent text-[13px] text-ink outline-none placeholder:text-faint"
          placeholder={words.filter}
          aria-label={words.filter}
          value={search.q ?? ''}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, q: event.target.value || undefined }),
              replace: true,
            })
          }
        />
      </label>
    </>
  );
}

interface FilterChipProps {
  readonly pressed: boolean;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}

function FilterChip({ pressed, onClick, children }: FilterChipProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onClick}
      className={`-ml-px inline-flex h-7 items-center gap-1.5 border px-2 whitespace-nowrap tabular-nums first:ml-0 first:rounded-l-md last:rounded-r-md ${pressed ? 'bg-selected text-ink' : 'bg-surface hover:bg-hover'}`}
    >
      {children}
    </button>
  );
}
