export { registryHandlers } from './handlers.ts';
export { createLineage, type LineageOptions } from './lineage.ts';
export { newId } from './new-id.ts';
export { defaultPolicies } from './policies.ts';
export {
  createRegistry,
  type ModelChange,
  type Registry,
  type RegistryOptions,
} from './registry.ts';
