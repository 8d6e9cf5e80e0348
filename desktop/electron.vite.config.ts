import path from 'node:path';
import { defineConfig } from 'electron-vite';
import { defaultServerConditions } from 'vite';
import { pagesConfig } from './src/pages.ts';

const out = path.join(import.meta.dirname, 'out');
const conditions = ['edgewise:source', ...defaultServerConditions];

/** The three targets of the Electron shell. None of them needs Electron's binary to be built. */
export default defineConfig({
  main: {
    ssr: { resolve: { conditions } },
    build: {
      outDir: path.join(out, 'main'),
      externalizeDeps: { exclude: ['@edgewise/protocol'] },
      lib: { entry: path.join(import.meta.dirname, 'src', 'main', 'main.ts') },
    },
  },
  preload: {
    ssr: { resolve: { conditions } },
    build: {
      outDir: path.join(out, 'preload'),
      lib: {
        entry: path.join(import.meta.dirname, 'src', 'preload', 'main.ts'),
        formats: ['cjs'],
        fileName: () => 'main.cjs',
      },
    },
  },
  renderer: {
    ...pagesConfig(path.join(out, 'renderer')),
    build: {
      ...pagesConfig(path.join(out, 'renderer')).build,
      rollupOptions: { input: path.join(import.meta.dirname, 'src', 'renderer', 'index.html') },
    },
  },
});
