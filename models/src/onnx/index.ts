export {
  type BuilderOptions,
  createGraphBuilder,
  type GraphBuilder,
  type NodeOptions,
} from './builder.ts';
export {
  type Attribute,
  type Graph,
  type Initializer,
  type Model,
  type Node,
  type OpaqueDType,
  opaqueDTypes,
  type ValueInfo,
} from './graph.ts';
export { type ReadOptions, readModel } from './read.ts';
export type { ExternalData } from './read-tensor.ts';
export { dimsOf, inferShapes, valueInfoOf } from './shapes/infer.ts';
export { writeModel } from './write.ts';
