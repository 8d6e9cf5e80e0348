/** What somebody pasted: a token, a one-time code, or a whole sign-in link. */
export type Pasted =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'nothing' };

/** Tells what was pasted. */
export function readPasted(value: string): Pasted {
  const trimmed = value.trim();
  if (trimmed === '') return { kind: 'nothing' };
  const link = /[?&]code=([^&\s]+)/.exec(trimmed);
  if (link?.[1]) return { kind: 'code', code: decodeURIComponent(link[1]) };
  if (trimmed.startsWith('signin:')) return { kind: 'code', code: trimmed.slice('signin:'.length) };
  return { kind: 'token', token: trimmed };
}

/** Where to go after signing in: only addresses inside the console. */
export function placeAfter(next: string | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/signin')
    ? next
    : '/fleet';
}
