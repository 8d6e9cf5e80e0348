export { type EnrolOptions, enrol } from './enrol.ts';
export { type Identity, readIdentity, readKey } from './identity.ts';
export { formatToken, parseToken } from './token.ts';
