/** Text that is safe inside HTML and SVG, also in attributes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A number with at most `digits` significant digits; `-` for one that was not measured. */
export const figure = (value: number | undefined | null, digits = 4): string => {
  if (value === undefined || value === null) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : '∞';
};

/** A count is shown to its last digit. */
const countOrFigure = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en') : figure(value);

/** Short text stays on one line, a sentence gets room. */
function widthOf({ length }: string): string {
  if (length <= 18) return ' class="s"';
  return length > 40 ? ' class="l"' : '';
}

/** A table whose numbers stand right; cells are text, not markup. */
export function tableOf(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const head = headings
    .map((text, at) => {
      const isNumber = typeof rows[0]?.[at] === 'number';
      return `<th scope="col"${isNumber ? ' class="n"' : ''}>${escaped(text)}</th>`;
    })
    .join('');
  const body = rows
    .map((row) => {
      const cells = row.map((cell) =>
        typeof cell === 'number'
          ? `<td class="n">${countOrFigure(cell)}</td>`
          : `<td${widthOf(cell)}>${escaped(cell)}</td>`,
      );
      return `<tr>${cells.join('')}</tr>`;
    })
    .join('\n');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** A share from 0 to 1 as a percentage that shows even a small one. */
export function share(value: number): string {
  if (value > 0 && value < 0.0001) return 'less than 0.01 %';
  return `${figure(value * 100, value < 0.1 ? 2 : 3)} %`;
}

/** A ratio in dB, with one decimal, so that columns line up. */
export const decibels = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? figure(value) : value.toFixed(1);

/** What is too long for the page, and one click away. */
export const folded = (summary: string, content: string): string =>
  `<details><summary>${escaped(summary)}</summary>\n${content}</details>`;

/** A part of the page under a heading. */
export const sectionOf = (title: string, text: string, content: string): string =>
  `<section><h2>${escaped(title)}</h2><p>${escaped(text)}</p>\n${content}</section>`;
