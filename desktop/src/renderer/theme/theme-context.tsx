import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Theme, ThemeChoice } from './theme.ts';

const ThemeContext = createContext<ThemeChoice | undefined>(undefined);

/** Gives the choice of theme to everything below. */
export const ThemeProvider = ThemeContext.Provider;

/** The chosen and the shown theme. */
export function useTheme(): {
  chosen: Theme;
  shown: 'light' | 'dark';
  choose: (theme: Theme) => void;
} {
  const choice = useContext(ThemeContext);
  if (!choice) throw new Error('useTheme needs a ThemeProvider above it.');
  const chosen = useSyncExternalStore(choice.subscribe, choice.chosen);
  const shown = useSyncExternalStore(choice.subscribe, choice.shown);
  return { chosen, shown, choose: choice.choose };
}
