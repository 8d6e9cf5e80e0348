export { buildConsole } from './build-console.ts';
export { consoleFolder } from './pages.ts';
