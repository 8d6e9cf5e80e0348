import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useAsk } from '../api/api-context.tsx';
import { Dialog } from '../components/dialog.tsx';
import { text } from '../text/text.ts';
import { findHits, type SearchHit, searchItems } from './search-model.ts';

interface SearchDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Search over devices, models, alarms and screens. */
export function SearchDialog({ open, onClose }: SearchDialogProps) {
  return (
    <Dialog title={text.frame.search} open={open} onClose={onClose}>
      <Finder onClose={onClose} />
    </Dialog>
  );
}

function Finder({ onClose }: { readonly onClose: () => void }) {
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const items = useItems();
  const hits = useMemo(() => findHits(items, wanted), [items, wanted]);
  const open = (hit: SearchHit | undefined) => {
    if (!hit) return;
    onClose();
    void navigate({ to: hit.to, search: hit.search as never });
  };
  const act = (key: string): boolean => {
    if (key === 'ArrowDown') setAt(Math.min(at + 1, hits.length - 1));
    else if (key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (key === 'Enter') open(hits[at]);
    else return false;
    return true;
  };
  return (
    <div className="flex flex-col">
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type into it.
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls="search-hits"
        aria-activedescendant={hits[at]?.key}
        aria-label={text.frame.searchHint}
        placeholder={text.frame.searchHint}
        className="h-11 border-b bg-transparent px-4 outline-none placeholder:text-faint"
        value={wanted}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (act(event.key)) event.preventDefault();
        }}
      />
      <div id="search-hits" role="listbox" aria-label={text.frame.search} className="p-1">
        {hits.length === 0 && <p className="px-3 py-4 text-faint">{text.frame.searchNothing}</p>}
        {hits.map((hit, index) => (
          <div
            key={hit.key}
            id={hit.key}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={`flex h-8 items-center gap-2 rounded px-3 ${index === at ? 'bg-selected' : ''}`}
            onMouseMove={() => setAt(index)}
            onClick={() => open(hit)}
            onKeyDown={() => undefined}
          >
            <span className="w-14 shrink-0 text-[12px] text-faint">
              {text.frame.searchKinds[hit.kind]}
            </span>
            <span className="shrink-0 font-medium">{hit.name}</span>
            <span className="truncate text-faint">{hit.note}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

function useItems(): readonly SearchHit[] {
  const devices = useAsk('listDevices', {}).data;
  const models = useAsk('listModels', {}).data;
  const alarms = useAsk('listAlarms', {}).data;
  return useMemo(
    () => searchItems({ devices: devices ?? [], models: models ?? [], alarms: alarms ?? [] }),
    [devices, models, alarms],
  );
}
