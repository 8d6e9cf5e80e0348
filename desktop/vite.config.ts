import { consoleFolder, pagesConfig } from './src/pages.ts';

export default pagesConfig(consoleFolder);
