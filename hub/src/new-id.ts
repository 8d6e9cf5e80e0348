import { randomBytes } from 'node:crypto';

/** A fresh id of the form `run-8f2c61d0ab`: a valid id everywhere, unlike any other (40 random bits). */
export function newId(kind: 'run' | 'sweep' | 'rollout' | 'alarm' | 'audit'): string {
  return `${kind}-${randomBytes(5).toString('hex')}`;
}
