import type { Page } from 'playwright-core';

/** Text on a page whose contrast is below WCAG 2.2 AA (1.4.3): 4.5, or 3 for large text. */
export interface LowContrast {
  readonly text: string;
  readonly ratio: number;
}

/** Measures every visible text against what is painted behind it; disabled controls are exempt, as in the norm. */
export async function lowContrast(page: Page): Promise<readonly LowContrast[]> {
  return (await page.evaluate(measure)) as readonly LowContrast[];
}

// Runs in the page, which this project knows no types for.
const measure = `(() => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    context.globalCompositeOperation = 'source-over';
    context.fillStyle = '#fff';
    context.fillRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    const element = node.parentElement;
    if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest(':disabled, title, .sr-only, script, style')) continue;
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.unshift(getComputedStyle(each).backgroundColor);
    const style = getComputedStyle(element);
    const colour = element.closest('svg') ? style.fill : style.color;
    const back = luminance(paint(layers));
    const front = luminance(paint([...layers, colour]));
    const ratio = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push({ text: text.slice(0, 40), ratio: Math.round(ratio * 100) / 100 });
  }
  return found;
})()`;
