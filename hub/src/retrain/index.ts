export { lowerErrorBound } from './error-bound.ts';
export {
  type GateEvidence,
  type GateFigures,
  type GateReason,
  type GateRule,
  type GateVerdict,
  judgeChallenger,
} from './gate.ts';
export {
  decideRetraining,
  type LabelRequest,
  type RetrainDecision,
  type RetrainFacts,
  type RetrainPolicy,
  type RetrainReason,
  type WaitReason,
} from './policy.ts';
