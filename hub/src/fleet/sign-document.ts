import { type Signer, signEnvelope } from '@edgewise/models/bundle';
import {
  type Command,
  type Enrolment,
  type HubIdentity,
  payloadTypes,
  type SignedEnvelope,
  type Target,
  type TimeAnswer,
} from '@edgewise/protocol';

interface Documents {
  readonly target: Target;
  readonly command: Command;
  readonly time: TimeAnswer;
  readonly hub: HubIdentity;
  readonly enrolment: Enrolment;
}

const utf8 = new TextEncoder();

/** Signs one of the hub's documents under the payload type of its kind. */
export function signDocument<K extends keyof Documents>(
  kind: K,
  document: Documents[K],
  signer: Signer,
): Promise<SignedEnvelope> {
  return signEnvelope(payloadTypes[kind], utf8.encode(JSON.stringify(document)), signer);
}
