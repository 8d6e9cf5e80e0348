export {
  chromiumPath,
  launchChromium,
  openPage,
  type PageOptions,
  type WatchedPage,
} from './browser.ts';
export { buildPage } from './build-page.ts';
export { eventually, goTo, noBrowser, rowKeys } from './console.ts';
export { type LowContrast, lowContrast } from './contrast.ts';
