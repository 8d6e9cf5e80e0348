/** What a person chose; `system` follows the machine. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** The theme in force, and how to choose another. */
export interface ThemeChoice {
  readonly chosen: () => Theme;
  readonly shown: () => 'light' | 'dark';
  choose(theme: Theme): void;
  subscribe(listener: () => void): () => void;
}

const storageKey = 'edgewise-theme';

/** Keeps the choice in local storage and writes `data-theme` to the document. */
export function createThemeChoice(page: Window): ThemeChoice {
  const system = page.matchMedia('(prefers-color-scheme: dark)');
  const listeners = new Set<() => void>();
  let chosen = parseTheme(page.localStorage.getItem(storageKey));

  const shown = () => {
    if (chosen !== 'system') return chosen;
    return system.matches ? 'dark' : 'light';
  };
  const show = () => {
    page.document.documentElement.dataset.theme = shown();
    for (const listener of listeners) listener();
  };
  system.addEventListener('change', show);
  show();

  return {
    chosen: () => chosen,
    shown,
    choose(theme) {
      chosen = theme;
      page.localStorage.setItem(storageKey, theme);
      show();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function parseTheme(stored: string | null): Theme {
  return themes.find((each) => each === stored) ?? 'system';
}
