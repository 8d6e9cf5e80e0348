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
export { writeModel } from './write.ts';
