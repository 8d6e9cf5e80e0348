import Type from 'typebox';

/** What an API token may do; each includes those before it. */
export const scopes = ['read', 'label', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];
/** Schema of a scope. */
export const ScopeSchema = Type.Enum([...scopes]);

/** Whether a token of scope `held` may do what needs `needed`. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}
