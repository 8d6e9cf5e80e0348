export { Bins, cellOf, confidenceBinOf, FeatureBins, latencyBucketOf } from './bins.ts';
export { fitBins } from './fit-bins.ts';
export {
  fitPrincipalComponents,
  type PrincipalComponents,
} from './principal-components.ts';
export { createProfile, decodeProfile, encodeProfile, type Profile } from './profile.ts';
export {
  appendProfileHead,
  exposeValues,
  type ProfiledModel,
  type ProfileHeadOptions,
} from './profile-head.ts';
export { countReference, Reference, type ReferenceData } from './reference.ts';
export {
  type CountedAnswer,
  createWindowCounter,
  type WindowCounter,
  type WindowCounts,
} from './window-counter.ts';
