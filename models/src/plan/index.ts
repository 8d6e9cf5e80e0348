export {
  optimiseFor,
  plannedClasses,
  planVariant,
  planVariants,
  type Scheme,
  schemes,
  schemesOf,
  type VariantPlan,
} from './plan.ts';
