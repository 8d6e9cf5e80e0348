import path from 'node:path';
import { build, defaultClientConditions } from 'vite';

/**
 * Builds a module into `page.js` of a folder, with everything that it imports: what a page of tests
 * loads. Files that it names by address, such as WebAssembly, lie beside it.
 */
export async function buildPage(entry: string, outDir: string): Promise<void> {
  await build({
    root: path.dirname(entry),
    configFile: false,
    base: './',
    logLevel: 'error',
    resolve: { conditions: ['edgewise:source', ...defaultClientConditions] },
    build: {
      outDir,
      target: 'esnext',
      minify: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      rollupOptions: {
        input: entry,
        output: { entryFileNames: 'page.js', assetFileNames: '[name][extname]' },
      },
    },
  });
}
