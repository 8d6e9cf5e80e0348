import { FleetError } from '@edgewise/protocol';

/** What the engine says about graphs that are whole but beyond it. */
const beyond =
  /No Op registered for|not a registered function|Could not find an implementation|NOT_IMPLEMENTED|External data|opset \d+ is under development|Unknown model file format version|Unsupported model IR version|not supported/i;

/** The engine throws plain errors: this reads from their text why a model does not load. */
export function loadError(thrown: unknown): FleetError {
  const text = textOf(thrown);
  const code = beyond.test(text) ? 'unsupported' : 'malformed';
  return new FleetError(code, `The model does not load: ${text}`, { cause: thrown });
}

/** Why a run failed although every feed had its declared type and shape. */
export function runError(thrown: unknown): FleetError {
  const text = textOf(thrown);
  if (/already disposed/.test(text)) return disposedError();
  const code = /while running|Invalid (rank|dimension)|Got:/.test(text)
    ? 'invalid-argument'
    : 'internal';
  return new FleetError(code, `The model did not run: ${text}`, { cause: thrown });
}

/** A session was used after its end. */
export function disposedError(): FleetError {
  return new FleetError('unavailable', 'The session was disposed.');
}

function textOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return withoutPlace(text).trim();
}

/** Leaves out where in its sources the engine says so: a file, a line and the whole signature. */
function withoutPlace(text: string): string {
  const place = /\S+\.(cc|h):\d+ /.exec(text);
  if (place === null) return text;
  let depth = 0;
  for (let at = place.index + place[0].length; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) {
      const rest = text.slice(at + 1).replace(/^ (const|noexcept)\b/, '');
      return `${text.slice(0, place.index).trimEnd()} ${rest.trimStart()}`;
    }
  }
  return text;
}
