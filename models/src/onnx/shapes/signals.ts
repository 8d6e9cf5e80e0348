import type { Dim } from './known.ts';
import { axisWithin, compatible, type Rule, type Site } from './site.ts';

/** Einstein sums, Fourier transforms and determinants. */
export const signalRules: Readonly<Record<string, Rule>> = {
  Einsum: (site) => [{ dtype: site.input(0).dtype, dims: einsum(site) }],
  Det: (site) => [{ dtype: site.input(0).dtype, dims: site.input(0).dims?.slice(0, -2) }],
  DFT: (site) => {
    const { dtype, dims } = site.input(0);
    if (dims === undefined) return [{ dtype, dims }];
    const asked = site.opset < 20 ? site.int('axis', 1) : (site.number(2)?.[0] ?? -2);
    const axis = axisWithin(asked, dims.length) ?? site.refuse(`axis ${asked} is out of range`);
    const length = site.given(1) ? site.number(1)?.[0] : dims[axis];
    const half = typeof length === 'number' ? Math.floor(length / 2) + 1 : undefined;
    const oneSided = site.int('onesided', 0) === 1;
    return [{ dtype, dims: dims.with(axis, oneSided ? half : length).with(-1, 2) }];
  },
  STFT: (site) => {
    const { dtype, dims } = site.input(0);
    const step = site.number(1)?.[0];
    const frame = site.given(3) ? site.number(3)?.[0] : site.input(2).dims?.[0];
    const [batch, length] = dims ?? [];
    if (typeof length !== 'number' || step === undefined || typeof frame !== 'number') {
      return [{ dtype, dims: [batch, undefined, undefined, 2] }];
    }
    const bins = site.int('onesided', 1) === 1 ? Math.floor(frame / 2) + 1 : frame;
    return [{ dtype, dims: [batch, Math.floor((length - frame) / step) + 1, bins, 2] }];
  },
};

/** The sizes that the letters of the output have; an ellipsis stands for leading axes. */
function einsum(site: Site): readonly Dim[] | undefined {
  const equation = (site.text('equation') ?? '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  const sizes = new Map<string, Dim>();
  let leading: readonly Dim[] = [];
  for (const [at, term] of terms.entries()) {
    const { dims } = site.input(at);
    if (dims === undefined) return undefined;
    const { before, after, open } = split(term, dims);
    const letters = [...before, ...after];
    const rest = dims.slice(before.length, dims.length - after.length);
    if (open && rest.length > leading.length) leading = rest;
    const own = [...dims.slice(0, before.length), ...dims.slice(dims.length - after.length)];
    letters.forEach((letter, index) => {
      note(site, sizes, letter, own[index]);
    });
  }
  const output = right ?? implied(left);
  return output
    .replace('...', '.')
    .split('')
    .flatMap((letter): readonly Dim[] => (letter === '.' ? leading : [sizes.get(letter)]));
}

function split(term: string, dims: readonly Dim[]) {
  const [before = '', after] = term.split('...');
  if (after !== undefined) return { before, after, open: true };
  return { before: before.slice(0, dims.length), after: '', open: false };
}

function note(site: Site, sizes: Map<string, Dim>, letter: string, size: Dim): void {
  const known = sizes.get(letter);
  if (!compatible(known, size)) site.refuse(`${letter} is ${known} and ${size}`);
  if (typeof known !== 'number' || known === 1) sizes.set(letter, size ?? known);
}

/** Without an arrow: letters that stand once, in alphabetical order, behind the ellipsis. */
function implied(left: string): string {
  const letters = [...left.replaceAll(/[^A-Za-z]/g, '')];
  const once = letters.filter((letter) => letters.filter((l) => l === letter).length === 1);
  return `${left.includes('...') ? '...' : ''}${once.sort().join('')}`;
}
