export { type Code, codeNames, codes, isCode, type RetryAdvice } from './codes.ts';
export { type ErrorDetail, FleetError, invariant } from './fleet-error.ts';
