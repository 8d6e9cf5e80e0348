import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { themes } from '../theme/theme.ts';
import { useTheme } from '../theme/theme-context.tsx';
import { places } from './places.ts';

/** How long after `g` the second key counts. */
const chordMs = 1_200;

/** Keys that work on every screen. */
export function useShortcuts() {
  const [searching, showSearch] = useState(false);
  const [showingKeys, showKeys] = useState(false);
  const navigate = useNavigate();
  const { chosen, choose } = useTheme();
  const chordAt = useRef(0);

  useEffect(() => {
    const keys: Readonly<Record<string, () => void>> = {
      g: () => {
        chordAt.current = Date.now();
      },
      '/': () => showSearch(true),
      '?': () => showKeys(true),
      t: () => choose(themes[(themes.indexOf(chosen) + 1) % themes.length] ?? 'system'),
    };
    const plain = (key: string) => {
      const isChord = Date.now() - chordAt.current < chordMs;
      const place = isChord ? places.find((each) => each.key === key) : undefined;
      if (place) void navigate({ to: place.to });
      else keys[key]?.();
      return place !== undefined || key in keys;
    };
    const onKey = (event: KeyboardEvent) => {
      const command = event.metaKey || event.ctrlKey;
      if (command && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        showSearch(true);
        return;
      }
      if (command || event.altKey || isBusy(event)) return;
      if (plain(event.key)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate, chosen, choose]);

  return { searching, showSearch, showingKeys, showKeys };
}

/** Whether the key belongs to a field or a dialog. */
export function isBusy(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  return at.closest('input, textarea, select, [contenteditable], [role="dialog"]') !== null;
}
