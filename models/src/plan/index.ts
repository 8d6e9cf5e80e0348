export {
  type BuildVariantsOptions,
  type BuiltVariant,
  buildVariants,
} from './build-variants.ts';
export { goldenFor, type Proof } from './golden-for.ts';
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
export { type ShrinkForOptions, shrinkFor, type TrainedGrids } from './shrink-for.ts';
