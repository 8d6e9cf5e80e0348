export { createHttpSource, type HttpSourceOptions } from './http-source.ts';
export { createReplaySource, type ReplayOptions } from './replay-source.ts';
export { createSerialSource, type SerialOptions } from './serial-source.ts';
export type { NumberedAnswer, Sink, SinkStatus, Source } from './source.ts';
