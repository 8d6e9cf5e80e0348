import { text } from './text.ts';

type RemarkKind = keyof typeof text.fleet.remarks;

/** A remark on a device as a sentence. */
export function remarkText({
  kind,
  detail,
}: {
  readonly kind: RemarkKind;
  readonly detail?: string | undefined;
}): string {
  return text.fleet.remarks[kind](detail);
}
