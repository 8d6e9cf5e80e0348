export { labelHandlers } from './handlers.ts';
export { createLabels, type LabelOptions, type Labels, type OfferJudge } from './labels.ts';
