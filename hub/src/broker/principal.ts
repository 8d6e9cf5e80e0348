/** Who stands at the other end of a connection, once it has proved it. */
export type Principal =
  | { readonly kind: 'device'; readonly device: string; readonly instance: string }
  | { readonly kind: 'api'; readonly name: string }
  | { readonly kind: 'hub' };
