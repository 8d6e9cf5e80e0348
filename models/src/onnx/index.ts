export {
  type BuilderOptions,
  createGraphBuilder,
  type GraphBuilder,
  type NodeOptions,
} from './builder.ts';
export type {
  Attribute,
  Graph,
  Initializer,
  Model,
  Node,
  OpaqueDType,
  ValueInfo,
} from './graph.ts';
export { type ReadOptions, readModel } from './read.ts';
export type { ExternalData } from './read-tensor.ts';
export { dimsOf, inferShapes, valueInfoOf } from './shapes/infer.ts';
export { upgradeOpset } from './upgrade/upgrade.ts';
export { writeModel } from './write.ts';
