import { escaped, figure } from './markup.ts';

/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value as it is read, with its unit. */
  readonly text: string;
  /** A word for a bad value, drawn in the colour of a warning. */
  readonly poor?: string;
}

/** Horizontal bars from 0, one row each, with their figure behind them: a table that is drawn. */
export function bars(all: readonly Bar[], { title }: { readonly title: string }): string {
  const most = Math.max(...all.map(({ value }) => value), Number.MIN_VALUE);
  const rows = all.map(({ label, value, text, poor }) => {
    const share = (100 * Math.max(0, value)) / most;
    const kind = poor === undefined ? '' : ' class="poor"';
    const word = poor === undefined ? '' : ` <em>${escaped(poor)}</em>`;
    return `<tr${kind}><th scope="row">${escaped(label)}</th><td><i style="width:${figure(share)}%"></i></td><td class="n">${escaped(text)}${word}</td></tr>`;
  });
  return `<table class="bars" aria-label="${escaped(title)}"><colgroup><col class="name"><col><col class="figure"></colgroup><tbody>
${rows.join('\n')}
</tbody></table>`;
}
