import path from 'node:path';
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, type InlineConfig } from 'vite';

const folder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Where `buildConsole` puts the pages that a hub serves. */
export const consoleFolder = path.join(folder, 'dist-web');

/**
 * How the pages are built, for the hub and for Electron alike. No script is ever inline,
 * so that they run under `script-src 'self'`; every address is relative.
 */
export function pagesConfig(outDir: string): InlineConfig {
  return {
    root: path.join(folder, 'src', 'renderer'),
    configFile: false,
    base: './',
    plugins: [react(), tailwindcss()],
    resolve: { conditions: ['edgewise:source', ...defaultClientConditions] },
    build: {
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2023',
      minify: true,
      chunkSizeWarningLimit: 1200,
    },
  };
}
