/** When trying again makes sense: never, after a pause, or once somebody has changed something. */
export type RetryAdvice = 'no' | 'backoff' | 'after-change';

interface CodeFacts {
  /** One sentence for the person who must act. */
  readonly sentence: string;
  readonly retry: RetryAdvice;
  /** HTTP status that carries this code. */
  readonly status: number;
}

/** The closed set of error codes that hub, agents and consoles exchange. */
export const codes = {
  'invalid-argument': {
    sentence: 'The request asks for something that cannot be; correct it.',
    retry: 'after-change',
    status: 400,
  },
  malformed: {
    sentence: 'The bytes are not what their place promises; they were set aside.',
    retry: 'no',
    status: 400,
  },
  'too-large': {
    sentence: 'The message or file is larger than its limit.',
    retry: 'after-change',
    status: 413,
  },
  'newer-version': {
    sentence: 'The message was written by a newer version; update this side.',
    retry: 'after-change',
    status: 400,
  },
  unauthenticated: {
    sentence: 'No valid credential was given.',
    retry: 'after-change',
    status: 401,
  },
  forbidden: { sentence: 'This credential may not do that.', retry: 'after-change', status: 403 },
  'not-found': { sentence: 'There is no such thing.', retry: 'after-change', status: 404 },
  conflict: {
    sentence: 'Something else stands in the way; look at the present state first.',
    retry: 'after-change',
    status: 409,
  },
  'token-used': {
    sentence: 'This enrolment token was used already; ask the hub for a new one.',
    retry: 'after-change',
    status: 409,
  },
  expired: {
    sentence: 'The credential or order has expired; get a fresh one.',
    retry: 'after-change',
    status: 401,
  },
  'clock-skew': {
    sentence: 'The clocks of device and hub differ too much; set the device clock.',
    retry: 'after-change',
    status: 401,
  },
  replayed: {
    sentence: 'This credential was used before; each sign-in needs a fresh one.',
    retry: 'after-change',
    status: 401,
  },
  'duplicate-device': {
    sentence: 'Another machine runs under this device identity; enrol one of the two anew.',
    retry: 'after-change',
    status: 409,
  },
  'signature-invalid': {
    sentence: 'The signature does not belong to these bytes and a known key.',
    retry: 'no',
    status: 400,
  },
  'digest-mismatch': {
    sentence: 'The bytes do not have the digest that was promised.',
    retry: 'backoff',
    status: 400,
  },
  'generation-stale': {
    sentence: 'The order is older than one that was already followed.',
    retry: 'no',
    status: 409,
  },
  'wrong-audience': {
    sentence: 'The document was written for another fleet or device.',
    retry: 'no',
    status: 403,
  },
  'parity-failed': {
    sentence: 'The model does not give its golden answers on this device.',
    retry: 'no',
    status: 409,
  },
  'trial-failed': {
    sentence: 'The model failed while it was on trial; the previous one serves again.',
    retry: 'no',
    status: 409,
  },
  unsupported: {
    sentence: 'This version cannot handle that operator, type or format.',
    retry: 'after-change',
    status: 422,
  },
  incompatible: {
    sentence: 'The bundle needs a newer agent or another device class.',
    retry: 'after-change',
    status: 409,
  },
  'gate-failed': {
    sentence: 'The candidate did not pass its evaluation gate.',
    retry: 'after-change',
    status: 409,
  },
  'insufficient-data': {
    sentence: 'There is not enough data yet to decide.',
    retry: 'after-change',
    status: 409,
  },
  'disk-full': { sentence: 'The disk is full; free some space.', retry: 'backoff', status: 507 },
  'limit-exceeded': {
    sentence: 'A limit was reached; slow down or raise it.',
    retry: 'backoff',
    status: 429,
  },
  'port-in-use': {
    sentence: 'Another program listens on this port; choose another one.',
    retry: 'after-change',
    status: 503,
  },
  unavailable: {
    sentence: 'The other side cannot be reached just now.',
    retry: 'backoff',
    status: 503,
  },
  timeout: { sentence: 'It took longer than allowed.', retry: 'backoff', status: 504 },
  canceled: { sentence: 'It was called off.', retry: 'no', status: 499 },
  internal: { sentence: 'A fault of ours; the log has the cause.', retry: 'backoff', status: 500 },
} as const satisfies Record<string, CodeFacts>;

export type Code = keyof typeof codes;

/** All codes, in the order of the table. */
export const codeNames = Object.keys(codes) as readonly Code[];

/** Whether a string is one of our codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}
