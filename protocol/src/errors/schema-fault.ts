/** One finding of a schema check, as TypeBox reports it. */
export interface SchemaFinding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** What is wrong with a document. */
export interface SchemaFault {
  /** Names and indexes joined by dots; empty for the whole document. */
  readonly place: string;
  /** A predicate that names what is allowed: `must be one of a, b`. */
  readonly fault: string;
}

/** The finding that says most, in words; `undefined` without findings. */
export function schemaFault(findings: readonly SchemaFinding[]): SchemaFault | undefined {
  // A surplus field is reported twice; only this one names it.
  const told = findings.find(({ keyword }) => keyword === 'additionalProperties') ?? findings[0];
  if (told === undefined) return undefined;
  return { place: told.instancePath.replaceAll('/', '.').slice(1), fault: faultOf(told) };
}

function faultOf({ keyword, params, message }: SchemaFinding): string {
  const values: Readonly<Record<string, unknown>> = { ...params };
  switch (keyword) {
    case 'required':
      return `lacks ${list(values.requiredProperties)}`;
    case 'additionalProperties':
      return `has unknown fields: ${list(values.additionalProperties)}`;
    case 'enum':
      return `must be one of ${list(values.allowedValues)}`;
    case 'const':
      return `must be ${JSON.stringify(values.allowedValue)}`;
    default:
      return message;
  }
}

const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));
