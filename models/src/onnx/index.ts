export {
  type BuilderOptions,
  createGraphBuilder,
  type GraphBuilder,
  type NodeOptions,
} from './builder.ts';
export { checkGraph } from './check-graph.ts';
export type { ReadOptions } from './decode.ts';
export { nameOf } from './edit.ts';
export type { ExternalSink } from './external-sink.ts';
export { float32sOf } from './float-bits.ts';
export type {
  Attribute,
  Graph,
  Initializer,
  Model,
  Node,
  OpaqueDType,
  ValueInfo,
} from './graph.ts';
export { readModel } from './read.ts';
export { type ExternalData, readTensor } from './read-tensor.ts';
export { dimsOf, inferShapes, valueInfoOf } from './shapes/infer.ts';
export { upgradeOpset } from './upgrade/upgrade.ts';
export { type WriteOptions, writeModel } from './write.ts';
