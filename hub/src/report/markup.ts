/** Text that is safe inside HTML and SVG, also in attributes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A number with at most `digits` significant digits; `-` for one that was not measured. */
export const figure = (value: number | undefined | null, digits = 4): string => {
  if (value === undefined || value === null) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : '∞';
};

/** A table whose numbers stand right; cells are text, not markup. */
export function tableOf(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const head = headings.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const body = rows
    .map((row) => {
      const cells = row.map((cell) =>
        typeof cell === 'number'
          ? `<td class="n">${figure(cell)}</td>`
          : `<td>${escaped(cell)}</td>`,
      );
      return `<tr>${cells.join('')}</tr>`;
    })
    .join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
